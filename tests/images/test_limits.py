"""Files that declare more than they can hold, or than there is memory for, are refused before they are decoded."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile

from mfjax import images, memory


def bmp(width, height, body=bytes(1000)):
    header = struct.pack("<2sIHHI", b"BM", 54 + len(body), 0, 0, 54)
    return header + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + body


def png(width, height):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


def tiff(shape=(4, 4), **tags):
    """Returns a TIFF of which some numbers of the directory are replaced."""
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros(shape, np.uint8), metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        places = {name: opened.pages[0].tags[name].valueoffset for name in tags}
    for name, value in tags.items():
        struct.pack_into("<I", data, places[name], value)
    return bytes(data)


def refused(tmp_path, data, reason):
    (tmp_path / "bomb.bin").write_bytes(data)
    with pytest.raises(ValueError, match=rf"bomb\.bin: .*{reason}"):
        images.read(tmp_path / "bomb.bin")


@pytest.mark.parametrize(
    "data",
    [bmp(30_000, 30_000), png(40_000, 40_000), tiff(ImageWidth=40_000, ImageLength=40_000)],
    ids=["bmp", "png", "tiff"],
)
def test_a_small_file_that_declares_a_huge_picture_is_refused(tmp_path, data):
    refused(tmp_path, data, "declares [34]0000x[34]0000 pixels in .* bytes")


@pytest.mark.parametrize(
    "data",
    [bmp(60_000, 60_000), png(60_000, 60_000), tiff(ImageWidth=60_000, ImageLength=60_000)],
    ids=["bmp", "png", "tiff"],
)
def test_more_than_two_to_the_31_pixels_are_refused(tmp_path, data):
    refused(tmp_path, data, r"60000x60000 pixels; at most 2\^31")


def test_a_bmp_with_fewer_pixels_than_declared_is_refused(tmp_path):
    refused(tmp_path, bmp(100, 100), "100x100 pixels are declared and fewer stored")


def test_a_picture_beyond_the_free_memory_is_refused_with_both_amounts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "host_memory", lambda: 10**8)
    file = tmp_path / "large.png"
    file.write_bytes(cv2.imencode(".png", np.zeros((9000, 9000), np.uint8))[1].tobytes())
    with pytest.raises(ValueError, match=r"9000x9000 pixels, which take 0\.2 GB of memory of which 0\.1 GB are free"):
        images.read(file)


def test_thousands_of_pages_are_refused_unless_one_is_chosen(tmp_path):
    with tifffile.TiffWriter(tmp_path / "stack.tif") as writer:
        for level in range(1001):
            writer.write(np.full((2, 2), level % 256, np.uint8), metadata=None, contiguous=False)
    with pytest.raises(ValueError, match=r"has 1001 pages; choose one by FILE\[N\]"):
        images.read(tmp_path / "stack.tif")
    assert images.read(tmp_path / "stack.tif[1000]")[0, 0] == 1000 % 256


def test_an_array_of_objects_is_refused_unread(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[object()] * 3] * 3), allow_pickle=True)
    refused(tmp_path, (tmp_path / "a.npy").read_bytes(), "values of type object")


def test_an_array_with_fewer_values_than_declared_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((50, 50)))
    refused(tmp_path, (tmp_path / "a.npy").read_bytes()[:-8], "fewer values than declared")
