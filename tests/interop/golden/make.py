"""Makes parity.npz from what the authors' released PyTorch network computed, all of it: weights and every stage.

    python tests/interop/golden/make.py authors_network_seed0.npz

Weights are left out: the network is as PyTorch initialises it after `torch.manual_seed(0)`, so `initial_state` makes
them again, bit for bit; this script checks that. Of each stage's maps every second row and column stays.
"""

import json
import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).with_name("parity.npz")


def initial_state(shapes: dict[str, list[int]], seed: int = 0) -> dict[str, np.ndarray]:
    """Returns PyTorch's initial parameters of convolutions, linear layers and PReLUs, in the order of construction.

    Weights and biases are uniform between ∓1/√(fan-in); each takes the low 24 bits of one number of the Mersenne
    Twister. The slope of a PReLU is 0.25 and takes none.
    """
    random, state, fan_in = np.random.RandomState(seed), {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        if size == 1:
            state[name] = np.full(shape, 0.25, np.float32)
            continue
        if len(shape) > 1:
            fan_in = size // shape[0]
        bound = 1 / np.sqrt(fan_in) if len(shape) == 1 else np.sqrt(3) * (np.sqrt(2 / 6) / np.sqrt(fan_in))
        low, high = np.float32(-bound), np.float32(bound)
        bits = np.frombuffer(random.bytes(4 * size), "<u4") & (2**24 - 1)
        span = np.float64(high - low)  # PyTorch multiplies and adds with one rounding
        state[name] = (bits * 2.0**-24 * span + low).astype(np.float32).reshape(shape)
    return state


def main(path: str) -> None:
    """Writes parity.npz beside this file."""
    with np.load(path) as stored:
        everything = dict(stored)
    state = {name.removeprefix("state/"): value for name, value in everything.items() if name.startswith("state/")}
    shapes = {name: list(value.shape) for name, value in state.items()}
    made = initial_state(shapes)
    assert all(np.array_equal(made[name], value) for name, value in state.items())
    kept = {"shapes": np.array(json.dumps(shapes))}
    for name, value in everything.items():
        case, _, stage = name.partition("/")
        if case != "state" and not stage.startswith("minmax_"):
            kept[name] = value if stage in ("ir", "vis", "size") else value[::2, ::2]
    np.savez_compressed(GOLDEN, **kept)


if __name__ == "__main__":
    main(sys.argv[1])
