"""Small files of every kind that mfjax reads, from which the fuzzer makes damaged ones."""

import io
import runpy
import struct
from pathlib import Path
from types import SimpleNamespace

import cv2
import imagecodecs
import numpy as np
import tifffile

IMAGES = Path(__file__).parents[1] / "images"
MOST_BYTES = 20_000
ROWS, COLS = 24, 32


def samples() -> dict[str, bytes]:
    """Returns the files by their names, always the same ones in the same order."""
    found: dict[str, bytes] = {}
    for made in (_png(), _jpeg(), _tiff(), _bmp(), _webp(), _jpeg2000(), _numpy(), _flir()):
        found |= made
    for path in sorted(IMAGES.glob("cases/*/*")):
        if path.stat().st_size <= MOST_BYTES:
            found[path.name] = path.read_bytes()
    return found


def _picture(dtype: str = "uint8", channels: int = 1) -> np.ndarray:
    """Returns a smooth picture with some noise, over most of a type's range."""
    rows, cols = np.mgrid[0:ROWS, 0:COLS]
    smooth = np.stack([rows * 3 + cols * (2 + i) for i in range(channels)], axis=-1) / (3 * ROWS + 5 * COLS)
    values = 0.8 * smooth + 0.1 * np.random.default_rng(0).random(smooth.shape)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return (values > 0.4)[..., 0]
    top = np.iinfo(kind).max if kind.kind in "ui" else 1000
    picture = (values * top).astype(kind)
    return picture if channels > 1 else picture[..., 0]


def _png() -> dict[str, bytes]:
    files = SimpleNamespace(**runpy.run_path(str(IMAGES / "png_files.py")))
    rng = np.random.default_rng(0)
    others = files.chunk(b"pHYs", struct.pack(">IIB", 3000, 3000, 1)) + files.chunk(b"tEXt", b"Title\0x")
    found = {}
    for kind, depth in files.KINDS:
        for interlaced in (False, True):
            values = rng.integers(0, 2**depth, (9, 13, files.SAMPLES[kind]))
            colours = rng.integers(0, 256, 3 * 2**depth, dtype=np.uint8).tobytes() if kind == files.PALETTE else b""
            options = {"interlaced": interlaced, "colours": colours, "others": others}
            found[f"png_{kind}_{depth}_{interlaced:d}.png"] = files.png(values, kind, depth, **options)
    return found


def _jpeg() -> dict[str, bytes]:
    found = {}
    for channels in (1, 3):
        for progressive in (0, 1):
            options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive, cv2.IMWRITE_JPEG_OPTIMIZE, progressive]
            data = cv2.imencode(".jpg", _picture(channels=channels), options)[1].tobytes()
            found[f"jpeg_{channels}_{progressive}.jpg"] = data
    options = [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    found["jpeg_restarts.jpg"] = cv2.imencode(".jpg", _picture(channels=3), options)[1].tobytes()
    found["jpeg_cmyk.jpg"] = imagecodecs.jpeg8_encode(_picture(channels=4), colorspace="CMYK", outcolorspace="CMYK")
    found["jpeg_lossless.jpg"] = imagecodecs.ljpeg_encode(_picture())
    return {name: bytes(data) for name, data in found.items()}


def _tiff() -> dict[str, bytes]:
    def written(picture: np.ndarray, **options: object) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, picture, **{"photometric": "minisblack", "metadata": None, "rowsperstrip": 9} | options)
        return file.getvalue()

    found = {}
    for codec in (None, "lzw", "packbits", "deflate", "zstd", "lzma", "png", "jpeg", "jpeg2000", "jpegxl", "lerc"):
        found[f"tiff_{codec}.tif"] = written(_picture(), compression=codec)
        found[f"tiff_{codec}_tiles.tif"] = written(_picture(), compression=codec, tile=(16, 16), rowsperstrip=None)
    for packed in ("deflate", "zstd"):
        found[f"tiff_lerc_{packed}.tif"] = written(
            _picture(), compression="lerc", compressionargs={"compression": packed}
        )
    for codec in ("webp", "jpegxr", "jpeg", "lzw", None):
        found[f"tiff_rgb_{codec}.tif"] = written(_picture(channels=3), compression=codec, photometric="rgb")
    for dtype in ("bool", "int8", "int16", "uint16", "uint32", "int64", "uint64", "float16", "float32", "float64"):
        found[f"tiff_{dtype}.tif"] = written(_picture(dtype))
        if dtype not in ("bool", "int64", "uint64"):
            found[f"tiff_{dtype}_lzw.tif"] = written(_picture(dtype), compression="lzw", predictor=True)
    found["tiff_big.tif"] = written(_picture("uint16"), bigtiff=True, byteorder=">")
    found["tiff_12_bits.tif"] = written(_picture("uint16") >> 4, bitspersample=12)
    found["tiff_white_is_zero.tif"] = written(_picture(), photometric="miniswhite")
    found["tiff_cmyk.tif"] = written(_picture(channels=4), photometric="separated")
    found["tiff_palette.tif"] = written(
        _picture(), photometric="palette", colormap=np.arange(768, dtype=np.uint16).reshape(3, 256) * 85
    )
    found["tiff_planes.tif"] = written(
        np.moveaxis(_picture(channels=4), -1, 0),
        photometric="rgb",
        planarconfig="separate",
        extrasamples=["unassalpha"],
    )
    found["tiff_nodata.tif"] = written(_picture("float32"), extratags=[(42113, 2, 6, "-9999", True)])
    for name, subifds in (("pages", 0), ("inside", 1)):
        file = io.BytesIO()
        with tifffile.TiffWriter(file) as writer:
            writer.write(_picture()[:12, :16], metadata=None, subifds=subifds, subfiletype=1)
            writer.write(_picture(), metadata=None)
        found[f"tiff_{name}.tif"] = file.getvalue()
    return found


def _bmp() -> dict[str, bytes]:
    found = {
        f"bmp_{channels}.bmp": cv2.imencode(".bmp", _picture(channels=channels))[1].tobytes() for channels in (1, 3, 4)
    }
    colours = bytes(np.random.default_rng(0).integers(0, 256, 4 * 256, dtype=np.uint8))
    for bits, way, content in (
        (1, 0, bytes(range(32)) * 3),
        (4, 0, bytes(range(256)) * 2),
        (16, 0, bytes(range(256)) * 6),
        (8, 1, b"".join(bytes([COLS, row, 0, 0]) for row in range(ROWS)) + b"\0\1"),
        (4, 2, b"".join(bytes([COLS, row, 0, 0]) for row in range(ROWS)) + b"\0\1"),
    ):
        table = colours[: 4 * 2**bits] if bits <= 8 else b""
        start = 54 + len(table)
        head = struct.pack("<2sIHHI", b"BM", start + len(content), 0, 0, start)
        head += struct.pack("<IiiHHIIiiII", 40, COLS, ROWS, 1, bits, way, len(content), 2835, 2835, 0, 0)
        found[f"bmp_{bits}_{way}.bmp"] = head + table + content
    return found


def _webp() -> dict[str, bytes]:
    from mfjax.images.kinds import webp
    from mfjax.images.metadata import Metadata

    rgb = _picture(channels=3)
    metadata = Metadata(icc=b"\0" * 16 + b"RGB " + bytes(108), exif=b"II*\0\10\0\0\0\0\0\0\0\0\0")
    found = {
        "webp_lossless.webp": imagecodecs.webp_encode(rgb, lossless=True),
        "webp_lossy.webp": imagecodecs.webp_encode(rgb, level=60),
        "webp_alpha.webp": imagecodecs.webp_encode(_picture(channels=4), level=60),
        "webp_metadata.webp": webp.FORMAT.encode(rgb, metadata, None) if webp.FORMAT.encode else b"",
    }
    return {name: bytes(data) for name, data in found.items()}


def _jpeg2000() -> dict[str, bytes]:
    found = {}
    for dtype in ("uint8", "uint16"):
        for channels in (1, 3, 4):
            for form in ("jp2", "j2k"):
                data = imagecodecs.jpeg2k_encode(_picture(dtype, channels), level=0, codecformat=form)
                found[f"jpeg2000_{dtype}_{channels}.{form}"] = bytes(data)
    return found


def _numpy() -> dict[str, bytes]:
    found = {}
    for dtype in ("bool", "uint8", ">u2", "int32", "float16", "float32", "float64", "longdouble"):
        for shape in ("gray", "colour"):
            file = io.BytesIO()
            picture = _picture(channels=1 if shape == "gray" else 3).astype(dtype)
            np.save(file, np.asfortranarray(picture) if dtype == "float32" else picture)
            found[f"numpy_{shape}_{np.dtype(dtype).name}.npy"] = file.getvalue()
    for name, save in (("stored", np.savez), ("packed", np.savez_compressed)):
        file = io.BytesIO()
        save(file, image=_picture("uint16"))
        found[f"numpy_{name}.npz"] = file.getvalue()
    return found


def _flir() -> dict[str, bytes]:
    files = SimpleNamespace(**runpy.run_path(str(IMAGES / "flir_files.py")))
    counts = (15_000 + _picture("uint16") // 20).astype(np.uint16)
    photo = np.repeat(np.repeat(_picture(channels=3), 2, 0), 2, 1)
    found = {
        f"flir_{kind}_{order == '>'}.fff".replace(" ", "_"): files.thermal_frame(counts, order, kind)
        for kind in ("plain", "png", "swapped png", "jpeg-ls")
        for order in "<>"
    }
    for kind in (".jpg", ".png"):
        records = {0x0E: files.photo(photo, kind), 0x2A: files.placement(1.3, 1, -2)}
        frame = files.thermal_frame(counts, records=records)
        found[f"flir_photo_{kind[1:]}.jpg"] = files.jpeg(frame, _picture(channels=3), most=3000)
        found[f"flir_photo_{kind[1:]}.fff"] = frame
    found["flir.seq"] = 2 * files.thermal_frame(counts, "<")
    found["flir.csq"] = 2 * files.thermal_frame(counts, "<", "jpeg-ls")
    return found
