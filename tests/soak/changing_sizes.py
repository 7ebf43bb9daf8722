"""Fuses pairs of ever new sizes, and looks at whether the memory of the process stays flat.

    python tests/soak/changing_sizes.py --pairs 10000 --engine openvino

Resident memory is printed at milestones, and from a tenth of the pairs on it may change by 5 % either way. A pair takes
about 20 ms with "openvino" on two cores, and more with "xla".
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

import numpy as np

import mfjax

SIDES = 16, 160  # pixels a side of a source
FACTORS = 0.5, 1, 1, 1.3, 2, 3
TOLERANCE = 0.05


def resident() -> float:
    """Returns this process's resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    """Fuses the pairs, prints the memory, and returns 1 if it did not stay flat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--engine", default="auto", choices=["auto", "openvino", "xla"])
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after so many, whatever was fused")
    options = parser.parse_args()
    fuser, rng, begun = mfjax.load(options.model, engine=options.engine), random.Random(options.seed), time.monotonic()
    noise = np.random.default_rng(options.seed).integers(0, 256, (3 * SIDES[1],) * 2, np.uint8)
    found: list[float] = []
    shown = 1
    for number in range(1, options.pairs + 1):
        rows, cols, times = rng.randint(*SIDES), rng.randint(*SIDES), rng.choice([1, 1, 2, 3])
        fuser(noise[:rows, :cols], noise[: rows * times, : cols * times], scale=rng.choice(FACTORS) / times)
        found.append(resident())
        late = time.monotonic() - begun > options.seconds
        if number >= shown or number == options.pairs or late:
            print(f"{number:,} pairs, {time.monotonic() - begun:.0f} s: {found[-1]:,.0f} MiB", flush=True)
            shown = max(number + 1, int(number * 1.5))
        if late:
            break
    settled = found[len(found) // 10 :]
    first, last = (float(np.mean(part)) for part in (settled[: len(settled) // 10], settled[-len(settled) // 10 :]))
    print(f"mean of the first settled tenth {first:,.0f} MiB, of the last {last:,.0f} MiB: {last / first - 1:+.1%}")
    return 0 if abs(last / first - 1) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
