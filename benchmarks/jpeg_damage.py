"""Counts how much damage to JPEGs is noticed: damages every JPEG of a folder in several ways, and reads the result.

    python benchmarks/jpeg_damage.py DIR

Each file is also stored anew as a progressive JPEG of quality 50 with optimised tables, whose damage is harder to see.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mfjax import MfjaxError, images
from mfjax.images import jpeg_stream

Damage = Callable[[bytes, np.random.Generator], bytes]


def zeroed(count: int) -> Damage:
    """Returns the damage that some bytes of a scan are zero."""

    def damage(data: bytes, rng: np.random.Generator) -> bytes:
        at = int(rng.integers(first_scan(data), len(data) - count - 2))
        return data[:at] + bytes(count) + data[at + count :]

    return damage


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    """Cuts a stream inside a scan and puts an end mark there."""
    return data[: int(rng.integers(first_scan(data), len(data) - 2))] + b"\xff\xd9"


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Turns a bit over."""
    at = int(rng.integers(first_scan(data), len(data) - 2))
    return data[:at] + bytes([data[at] ^ 1 << int(rng.integers(8))]) + data[at + 1 :]


def first_scan(data: bytes) -> int:
    """Returns where the first scan's data begin."""
    return data.index(b"\xff\xda", data.index(b"\xff\xc4")) + 14


WAYS = {f"{count} zero bytes": zeroed(count) for count in (16, 40, 512)} | {"cut": cut, "a bit": flipped}


def decoded(data: bytes) -> np.ndarray | None:
    """Returns the pixels, or None if the stream is refused."""
    try:
        stream = jpeg_stream.walk(data)
        return jpeg_stream.decode(data[: stream.end], stream.frame)
    except MfjaxError:
        return None


def main() -> None:
    """Prints, for each kind of file and damage, how many are refused, read as before, and read wrongly."""
    rng = np.random.default_rng(0)
    counts: dict[tuple[str, str], Counter] = {}
    for path in sorted(path for path in Path(sys.argv[1]).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")):
        data = path.read_bytes()
        data = data[: jpeg_stream.walk(data).end]
        options = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_OPTIMIZE, 1, cv2.IMWRITE_JPEG_QUALITY, 50]
        anew = cv2.imencode(".jpg", images.read(path), options)[1].tobytes()
        for kind, stream in (("as it is", data), ("progressive", anew)):
            whole = decoded(stream)
            for name, way in WAYS.items():
                pixels = decoded(way(stream, rng))
                same = pixels is not None and whole is not None and np.array_equal(pixels, whole)
                outcome = "refused" if pixels is None else "same" if same else "wrong"
                counts.setdefault((kind, name), Counter())[outcome] += 1
    for (kind, name), count in counts.items():
        print(f"{kind:12} {name:15} {dict(count)}")


if __name__ == "__main__":
    main()
