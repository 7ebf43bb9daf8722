"""Damages files of bytes: anywhere, in their headers, and inside what checksums and compression guard."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

import numpy as np

Rng = np.random.Generator
Mutation = Callable[[bytearray, Rng, Sequence[bytes]], None]

PNG = b"\x89PNG\r\n\x1a\n"
HEAD = 400  # bytes in which headers lie
TELLING = (0, 1, 2, 3, 7, 8, 16, 255, 256, 32_767, 32_768, 65_535, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def mutated(data: bytes, rng: Rng, others: Sequence[bytes]) -> tuple[bytes, str]:
    """Returns a damaged file, and the name of the damage if it was one alone, else "".

    Args:
        data: the file.
        rng: draws the damage.
        others: files of which parts may be put in.
    """
    guarded = next((each for each in GUARDED if each[0](data)), None)
    if guarded is not None and rng.random() < 0.4:
        return guarded[1](data, rng, others), ""
    changed = bytearray(data)
    count = int(rng.choice((1, 1, 1, 2, 4)))
    name = ""
    for _ in range(count):
        if changed:
            name = str(rng.choice([*MUTATIONS]))
            MUTATIONS[name](changed, rng, others)
    return bytes(changed), name if count == 1 else ""


def _at(data: bytearray, rng: Rng) -> int:
    """Returns a place: half of the time in the head."""
    return int(rng.integers(min(len(data), HEAD) if rng.random() < 0.5 else len(data)))


def _length(data: bytearray, rng: Rng) -> int:
    return int(min(len(data), 2 ** rng.integers(1, 11)))


def _flip_bits(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    for _ in range(int(rng.integers(1, 9))):
        data[_at(data, rng)] ^= 1 << int(rng.integers(8))


def _set_bytes(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    for _ in range(int(rng.integers(1, 5))):
        data[_at(data, rng)] = int(rng.choice((0, 1, 127, 128, 255, rng.integers(256))))


def _zero(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    at, length = _at(data, rng), _length(data, rng)
    data[at : at + length] = bytes(len(data[at : at + length]))


def _cut(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    del data[int(rng.integers(len(data))) :]


def _remove(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    at = _at(data, rng)
    del data[at : at + _length(data, rng)]


def _repeat(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    at = _at(data, rng)
    part = bytes(data[at : at + _length(data, rng)])
    place = at if rng.random() < 0.5 else _at(data, rng)
    data[place:place] = part * int(rng.integers(1, 4))


def _splice(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    other = others[int(rng.integers(len(others)))]
    start, length = int(rng.integers(len(other))), _length(data, rng)
    at = _at(data, rng)
    data[at : at + (length if rng.random() < 0.5 else 0)] = other[start : start + length]


def _set_number(data: bytearray, rng: Rng, others: Sequence[bytes]) -> None:
    """Puts a telling number where a header may have one, in either byte order."""
    size = int(rng.choice((2, 4)))
    at = _at(data, rng)
    at -= at % 2 if rng.random() < 0.7 else 0
    value = int(rng.choice(TELLING)) if rng.random() < 0.8 else int(rng.integers(2**32))
    packed = (value % 2 ** (8 * size)).to_bytes(size, "little" if rng.random() < 0.5 else "big")
    data[at : at + size] = packed[: len(data) - at]


MUTATIONS: dict[str, Mutation] = {
    "bits": _flip_bits,
    "bytes": _set_bytes,
    "zeros": _zero,
    "cut": _cut,
    "removed": _remove,
    "repeated": _repeat,
    "spliced": _splice,
    "number": _set_number,
}


def _png(data: bytes, rng: Rng, others: Sequence[bytes]) -> bytes:
    """Changes, repeats, drops or moves chunks, and lines inside the compression, under right checksums."""
    chunks, at = [], len(PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    i = int(rng.integers(len(chunks)))
    way = rng.integers(5)
    if way == 0:
        chunks.insert(int(rng.integers(len(chunks))), chunks[i])
    elif way == 1 and len(chunks) > 1:
        del chunks[i]
    elif way == 2:
        chunks.append(chunks.pop(i))
    else:
        kind, content = chunks[i]
        if kind == b"IDAT" and way == 3:
            content = zlib.compress(_inner(zlib.decompress(content), rng, others))
        else:
            content = _inner(content, rng, others)
        chunks[i] = kind, content
    return PNG + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _tiff(data: bytes, rng: Rng, others: Sequence[bytes]) -> bytes:
    """Changes entries of the first directory of a classic TIFF: tag, type, count or value."""
    changed = bytearray(data)
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    if at + 2 > len(data):
        return data
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for _ in range(int(rng.integers(1, 4))):
        entry = at + 2 + 12 * int(rng.integers(max(count, 1)))
        if entry + 12 > len(data):
            continue
        field = rng.integers(5)
        tags = (254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 330, 338, 339, 347)
        if field == 0:
            struct.pack_into(f"{order}H", changed, entry, int(rng.choice((*tags, rng.integers(2**16)))))
        elif field == 1:
            struct.pack_into(f"{order}H", changed, entry + 2, int(rng.integers(20)))
        elif field == 2:
            struct.pack_into(f"{order}I", changed, entry + 4, int(rng.choice(TELLING)))
        else:
            codecs = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32809, 32909, 34712, 34887, 34892, 34925, 50000, 50001, 50002)
            value = rng.choice((*TELLING, *codecs, int(rng.integers(2**32))))
            half = rng.random() < 0.5
            struct.pack_into(
                f"{order}{'H' if half else 'I'}", changed, entry + 8, int(value) % 2 ** (16 if half else 32)
            )
    return bytes(changed)


def _archive(data: bytes, rng: Rng, others: Sequence[bytes]) -> bytes:
    """Changes an array inside an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = [(each, archive.read(each)) for each in archive.infolist()]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for each, content in inside:
            archive.writestr(each, _inner(content, rng, others))
    return file.getvalue()


def _inner(content: bytes, rng: Rng, others: Sequence[bytes]) -> bytes:
    changed = bytearray(content or b"\0")
    MUTATIONS[str(rng.choice([*MUTATIONS]))](changed, rng, others)
    return bytes(changed)


GUARDED = (
    (lambda data: data.startswith(PNG), _png),
    (lambda data: data[:4] in (b"II*\0", b"MM\0*"), _tiff),
    (lambda data: data.startswith(b"PK"), _archive),
)
