"""The encoder of a video file: which one it is, the pictures that it takes, and what its decoder must know."""

import logging
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images

ENCODERS = {"libx264": {"preset": "veryfast"}, "mpeg4": {"qscale": "3"}}  # the first one that PyAV has

logger = logging.getLogger("mfjax")


def encoder(av: Any) -> str:
    """Returns the name of the encoder that is used, and logs it if that is not H.264's.

    Args:
        av: the module.
    """
    found = next(name for name in ENCODERS if name in av.codecs_available or name == "mpeg4")
    if found != "libx264":
        logger.warning("this PyAV has no libx264; MPEG-4 part 2 is written, which takes more space")
    return found


def as_bytes(fused: NDArray) -> NDArray[np.uint8]:
    """Returns a picture in 8 bits.

    Args:
        fused: uint8 or uint16.
    """
    return fused if fused.dtype == np.uint8 else images.from_float(images.to_float(fused), np.uint8)


def even(fused: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns a picture whose sides are even, with the last row or column repeated if need be.

    Args:
        fused: the picture.
    """
    rows, cols = fused.shape[:2]
    if not rows % 2 and not cols % 2:
        return fused
    return np.asarray(cv2.copyMakeBorder(fused, 0, rows % 2, 0, cols % 2, cv2.BORDER_REPLICATE), np.uint8)


def parameter_sets(extradata: bytes) -> set[bytes]:
    """Returns the sequence and picture parameters of H.264, as either way of storing them has them.

    Args:
        extradata: of an encoder, after start codes; or of a file, after lengths (ISO 14496-15, 5.3.3.1).
    """
    if extradata[:1] != b"\x01":
        units = extradata.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
        return {unit for unit in units if unit and unit[0] & 31 in (7, 8)}
    found, at = set(), 5
    for mask in (31, 255):
        count, at = extradata[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            found.add(extradata[at + 2 : at + 2 + length])
            at += 2 + length
    return found
