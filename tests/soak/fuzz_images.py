"""Damages small image files of every kind, again and again, and reads what comes out.

    python tests/soak/fuzz_images.py --count 100000 --seed 0

Each file must be read, or refused by an `MfjaxError` in one line that begins with its name: no other exception, no
warning, nothing printed, no crash, no longer than `SECONDS`, no more memory than `MEMORY`; and what was only cut must
be refused or have all of its pixels. The same seed gives the same files. With `--keep DIR` those that fail are kept.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mutations import mutated
from sample_images import samples

from mfjax import MfjaxError, images
from mfjax.images import formats
from mfjax.messages import quietly

SECONDS, START_SECONDS = 10, 120  # for a file, and for starting a process on a busy machine
# Bytes of address space that reading may take. What a header may declare without proof is 64 MiB of decoded pixels
# (`mfjax.images.limits.SMALL_BYTES`; more needs a larger file), which are there as a codec holds them, decoded, as
# float32 and in double precision for comparison; and codecs' threads have stacks.
MEMORY = 2**30


class Case(NamedTuple):
    """A damaged file."""

    sample: str
    kind: str
    data: bytes
    damage: str
    """The name of the damage, if it is one alone."""
    way: str
    """How it is read."""


class Outcome(NamedTuple):
    """What came of a case."""

    number: int
    kind: str
    result: str
    failure: str = ""
    trace: str = ""


WAYS = {
    "read": lambda file: images.open(file).pixels,
    "heat": lambda file: images.open(file, thermal=True, exif=True).pixels,
    "page": lambda file: images.open(file, page=1).pixels,
    "band": lambda file: images.open(file, band=1).pixels,
    "camera": lambda file: images.read_thermal(file).celsius,
}


class Cases:
    """All cases of a seed."""

    def __init__(self, seed: int) -> None:
        """Makes the samples.

        Args:
            seed: it and the number of a case decide what the case is.
        """
        self.seed, self.samples = seed, samples()
        self._kinds: dict[str, list[str]] = {}
        for name, data in self.samples.items():
            kind = formats.of_bytes(data)
            assert kind is not None
            self._kinds.setdefault(kind.name, []).append(name)
        self.kind_of = {name: kind for kind, names in self._kinds.items() for name in names}

    def __getitem__(self, number: int) -> Case:
        """Returns a case: every other one of each kind in turn, the others of any sample."""
        rng = np.random.default_rng((self.seed, number))
        kinds = [*self._kinds.values()]
        names = kinds[number // 2 % len(kinds)] if number % 2 else [*self.samples]
        name = names[int(rng.integers(len(names)))]
        data, damage = mutated(self.samples[name], rng, [*self.samples.values()])
        way = str(rng.choice([*WAYS], p=(0.5, 0.25, 0.1, 0.05, 0.1)))
        return Case(name, self.kind_of[name], data, damage, way)


def check(case: Case, file: Path, whole: np.ndarray | None) -> str:
    """Reads a file, and returns "read" or "refused".

    Args:
        case: what is to be read.
        file: where to put it.
        whole: the pixels that it must have if it is read; None: they are not known.

    Raises:
        AssertionError: it was read or refused in a wrong way.
    """
    file.write_bytes(case.data)
    try:
        pixels = WAYS[case.way](file)
    except MfjaxError as error:
        text = str(error)
        assert text.startswith(f"{file}: "), f"without the name: {text}"
        assert "\n" not in text, f"in several lines: {text}"
        return "refused"
    assert pixels.dtype in (np.uint8, np.uint16, np.float32), f"read as {pixels.dtype}"
    assert pixels.ndim == 2 or pixels.shape[2] == 3, f"read in shape {pixels.shape}"
    assert min(pixels.shape[:2]) >= images.MIN_SIDE, f"read in shape {pixels.shape}"
    if pixels.dtype == np.float32:
        assert not np.isinf(pixels).any(), "read as infinite values"
        assert case.way in ("heat", "camera") or not np.isnan(pixels).any(), "read as NaN"
    assert whole is None or np.array_equal(pixels, whole, equal_nan=True), f"a part of {case.sample} read as a whole"
    return "read"


def work(sender: Connection, now: Any, seed: int, start: int, count: int) -> None:
    """Checks cases one after the other, sends their outcomes, and notes in `now` which it is at."""
    cases, folder = Cases(seed), Path(tempfile.mkdtemp())
    whole: dict[tuple[str, str], np.ndarray] = {}
    with quietly():
        for name, data in cases.samples.items():
            for way, read in WAYS.items():
                (folder / name).write_bytes(data)
                with suppress(MfjaxError):
                    whole[name, way] = read(folder / name)
        warnings.simplefilter("error")
        most = _address_space() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        printed = os.open(folder / "printed", os.O_RDWR | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(printed, stream)
        for number in range(start, count):
            now.value = number
            case = cases[number]
            cut = case.damage == "cut" and len(case.data) < len(cases.samples[case.sample])
            file = folder / f"case{Path(case.sample).suffix}"
            try:
                result = check(case, file, whole.get((case.sample, case.way)) if cut else None)
                assert not os.fstat(printed).st_size, f"printed: {os.pread(printed, 200, 0)!r}"
                outcome = Outcome(number, case.kind, result)
            except BaseException as error:  # whatever it is, it is told
                place = traceback.extract_tb(error.__traceback__)[-1]
                text = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {str(error)[:150]}"
                outcome = Outcome(number, case.kind, "failed", text, traceback.format_exc())
            os.ftruncate(printed, 0)
            os.lseek(printed, 0, os.SEEK_SET)
            sender.send(outcome)
    sender.send(None)


def _address_space() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmSize"))


def outcomes(cases: Cases, start: int, count: int) -> Iterator[Outcome]:
    """Yields the outcomes of cases up to the last one, or to one that ends the process or takes too long.

    Args:
        cases: the cases.
        start: the first case.
        count: the last one and one more.
    """
    context = multiprocessing.get_context("spawn")
    now = context.Value("q", -1)
    receiver, sender = context.Pipe(duplex=False)
    worker = context.Process(target=work, args=(sender, now, cases.seed, start, count), daemon=True)
    worker.start()
    sender.close()
    failure = ""
    while not failure:
        try:
            if receiver.poll(SECONDS if now.value >= 0 else START_SECONDS):
                outcome = receiver.recv()
                if outcome is None:
                    return
                yield outcome
            else:
                failure = f"took more than {SECONDS} s"
                worker.kill()
        except EOFError:
            worker.join()
            failure = f"ended the process ({worker.exitcode})"
    if now.value < 0:
        raise SystemExit(f"the process did not start: {failure}")
    yield Outcome(now.value, cases[now.value].kind, "failed", failure)


def main() -> int:
    """Checks the cases that the arguments name, prints what came of them, and returns 1 if some failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="number of damaged files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first case, to look at one again")
    parser.add_argument("--keep", type=Path, help="folder for the files that fail")
    arguments = parser.parse_args()
    cases, at, began = Cases(arguments.seed), arguments.start, time.monotonic()
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in cases.kind_of.values()}
    failures: dict[str, list[int]] = {}
    with suppress(KeyboardInterrupt):  # what was done until then is told
        while at < arguments.count:
            for each in outcomes(cases, at, arguments.count):
                counts[each.kind][each.result] += 1
                at = each.number + 1
                if not each.failure:
                    continue
                if each.failure not in failures:
                    print(f"case {each.number} ({each.kind}): {each.failure}\n{each.trace}", flush=True)
                failures.setdefault(each.failure, []).append(each.number)
                if arguments.keep is not None:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    case = cases[each.number]
                    (arguments.keep / f"{each.number}_{case.way}_{case.sample}").write_bytes(case.data)
    for kind, counted in counts.items():
        told = ", ".join(f"{counted[result]:,} {result}" for result in ("read", "refused", "failed"))
        print(f"{kind}: {counted.total():,} files: {told}")
    for text, numbers in failures.items():
        print(f"{len(numbers)} times: {text}; cases {numbers[:5]}")
    print(f"seed {arguments.seed}, {at - arguments.start:,} cases, {time.monotonic() - began:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
