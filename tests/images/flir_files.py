"""Writes FLIR files for tests: frames of records as ExifTool's tables describe them, alone and inside a JPEG."""

import struct

import imagecodecs
import numpy as np

from mfjax.images import opencv

# The constants of a FLIR SC660.
R1, B, F, OFFSET, R2 = 21106.77, 1501.0, 1.0, -7340, 0.012545258
ALPHA, BETA, X = (0.006569, 0.01262), (-0.002276, -0.00667), 1.9
EMISSIVITY, DISTANCE, REFLECTED, ATMOSPHERE, WINDOW, TRANSMISSION, HUMIDITY = 0.9, 8.0, 18.0, 12.0, 15.0, 0.9, 0.6


def camera(order="<", *, time=0.0, **changed):
    """Returns the record of a camera's constants, and of the seconds since 1970 at which it took the frame."""
    scene = {"emissivity": EMISSIVITY, "r1": R1, "humidity": HUMIDITY} | changed
    record = bytearray(0x400)
    struct.pack_into(f"{order}H", record, 0, 2)
    kelvin = (each + 273.15 for each in (REFLECTED, ATMOSPHERE, WINDOW))
    struct.pack_into(f"{order}6f", record, 0x20, scene["emissivity"], DISTANCE, *kelvin, TRANSMISSION)
    struct.pack_into(f"{order}f", record, 0x3C, scene["humidity"])
    struct.pack_into(f"{order}3f", record, 0x58, scene["r1"], B, F)
    struct.pack_into(f"{order}5f", record, 0x70, *ALPHA, *BETA, X)
    struct.pack_into(f"{order}if", record, 0x308, OFFSET, R2)
    struct.pack_into(f"{order}2I", record, 0x384, int(time), round(time % 1 * 1000))
    return bytes(record)


def raw(counts, kind="plain", order="<"):
    """Returns the record of raw counts: plain, as a PNG of either byte order, or as JPEG-LS."""
    rows, cols = counts.shape
    content = {
        "plain": lambda: counts.astype(f"{order}u2").tobytes(),
        "png": lambda: imagecodecs.png_encode(counts),
        "swapped png": lambda: imagecodecs.png_encode(counts.byteswap()),
        "jpeg-ls": lambda: imagecodecs.jpegls_encode(counts),
    }[kind]()
    return struct.pack(f"{order}3H26x", 2, cols, rows) + content


def photo(pixels, kind=".jpg"):
    """Returns the record of a photo: a JPEG, or a PNG of Y, Cb and Cr."""
    rows, cols = pixels.shape[:2]
    if kind == ".png":
        red, green, blue = np.moveaxis(pixels.astype(float), -1, 0)
        y = 0.299 * red + 0.587 * green + 0.114 * blue
        ycbcr = np.stack([y, 128 + 0.564 * (blue - y), 128 + 0.713 * (red - y)], axis=-1)
        content = imagecodecs.png_encode(np.rint(ycbcr).clip(0, 255).astype(np.uint8))
    else:
        content = opencv.encode(".jpg", pixels)
    return struct.pack("<3H26x", 3, cols, rows) + content


def placement(ratio, down, right):
    """Returns the record of where the infrared view lies in the photo."""
    return struct.pack("<f2h24x", ratio, right, down)


def frame(records, order=">", version=100):
    """Returns a frame of records by kind."""
    at = 64 + 32 * len(records)
    table, contents = b"", b""
    for number, (kind, content) in enumerate(records.items(), 1):
        table += struct.pack(f"{order}HHIIII12x", kind, 1, 100, number, at + len(contents), len(content))
        contents += content
    return b"FFF\0" + bytes(16) + struct.pack(f"{order}3I32x", version, 64, len(records)) + table + contents


def thermal_frame(counts, order=">", kind="plain", **more):
    """Returns a frame of raw counts with the constants of a camera."""
    return frame({0x20: camera(), 0x01: raw(counts, kind)} | more.get("records", {}), order)


def jpeg(content, picture, most=200):
    """Returns a JPEG with a frame in segments of at most so many bytes."""
    data = opencv.encode(".jpg", picture)
    parts = [content[at : at + most] for at in range(0, len(content), most)]
    added = b"".join(
        struct.pack(">BBH", 0xFF, 0xE1, 10 + len(part)) + b"FLIR\0\1" + bytes([number, len(parts) - 1]) + part
        for number, part in enumerate(parts)
    )
    return data[:20] + added + data[20:]


def zoom_segment(above, below):
    """Returns the segment of a JPEG with EXIF data of a digital zoom, as a quotient."""
    main = struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    photograph = struct.pack("<HHHIII2I", 1, 0xA404, 5, 1, 44, 0, above, below)
    content = b"Exif\0\0II*\0" + struct.pack("<I", 8) + main + photograph
    return struct.pack(">BBH", 0xFF, 0xE1, 2 + len(content)) + content


def celsius(raw_counts):
    """Returns temperatures by the formula as it is published, written out term by term (Minkina and Dudzik; FLIR)."""
    water = HUMIDITY * np.exp(1.5587 + 0.06939 * ATMOSPHERE - 0.00027816 * ATMOSPHERE**2 + 6.8455e-7 * ATMOSPHERE**3)
    path = np.sqrt(DISTANCE / 2)
    tau = X * np.exp(-path * (ALPHA[0] + BETA[0] * np.sqrt(water)))
    tau += (1 - X) * np.exp(-path * (ALPHA[1] + BETA[1] * np.sqrt(water)))

    def black(temperature):
        return R1 / (R2 * (np.exp(B / (temperature + 273.15)) - F)) - OFFSET

    reflected = (1 - EMISSIVITY) / EMISSIVITY * black(REFLECTED)
    near = (1 - tau) / EMISSIVITY / tau * black(ATMOSPHERE)
    window = (1 - TRANSMISSION) / EMISSIVITY / tau / TRANSMISSION * black(WINDOW)
    far = (1 - tau) / EMISSIVITY / tau / TRANSMISSION / tau * black(ATMOSPHERE)
    signal = raw_counts / EMISSIVITY / tau / TRANSMISSION / tau - near - far - window - reflected
    return B / np.log(R1 / (R2 * (signal + OFFSET)) + F) - 273.15
