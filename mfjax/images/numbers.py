"""Converts between the number formats of pixels, and tells gray from colour."""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mfjax.errors import MfjaxError

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # weights of R, G, B: BT.601, as OpenCV's BGR2GRAY


def is_colour(image: NDArray) -> bool:
    """Returns true if an image shows colour: it has three channels and they differ somewhere.

    Args:
        image: gray [h, w] or RGB [h, w, 3], of any type.
    """
    return image.ndim == 3 and not (
        np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(image[..., 1], image[..., 2])
    )


def to_luma(image: NDArray) -> NDArray:
    """Returns the luma of a float image, 0.299 R + 0.587 G + 0.114 B, as [h, w].

    Args:
        image: RGB [h, w, 3]; a gray image [h, w] is returned unchanged.
    """
    return image @ LUMA if image.ndim == 3 else image


def luma(image: NDArray) -> NDArray[np.uint8]:
    """Returns the luma of an image as uint8 [h, w].

    Args:
        image: gray [h, w] or RGB [h, w, 3], of any of the three types; floats in [0, 1].

    Raises:
        MfjaxError: the type is neither uint8, uint16 nor float, or a float lies outside [0, 1].
    """
    if image.dtype == np.uint8 and image.ndim == 2:
        return image
    return from_float(to_luma(to_float(image)), np.uint8)


def to_float(image: NDArray) -> NDArray[np.float32]:
    """Returns an image as float32 in [0, 1]: integers divided by the largest value of their type, floats unchanged.

    Args:
        image: an array of any shape; floats in [0, 1].

    Raises:
        MfjaxError: the type is neither uint8, uint16 nor float, or a float lies outside [0, 1].
    """
    if image.dtype in (np.uint8, np.uint16):
        return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    _check_unit_range(image)
    return image.astype(np.float32)


def from_float(image: NDArray, dtype: DTypeLike = np.uint8) -> NDArray:
    """Returns an image in another type: uint8 or uint16 rounded to the nearest step, or a float type.

    It inverts `to_float` exactly for every uint8 and uint16 value.

    Args:
        image: a float array of any shape in [0, 1].
        dtype: uint8, uint16 or a float type.

    Raises:
        MfjaxError: `dtype` is none of these, the image is no float array, or a value lies outside [0, 1].
    """
    if image.dtype.kind != "f":
        raise MfjaxError(f"the image is {image.dtype} already; what is converted from float is a float array in [0, 1]")
    _check_unit_range(image)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return image.astype(dtype)
    if dtype not in (np.uint8, np.uint16):
        raise MfjaxError(f"images are uint8, uint16 or float, not {dtype}")
    return np.rint(image.astype(np.float32) * np.float32(np.iinfo(dtype).max)).astype(dtype)


def rgb_of_inverted_cmyk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns RGB [h, w, 3] of inverted CMYK [h, w, 4], as Adobe stores it: each ink's lightness times that of black.

    Args:
        pixels: CMYK of which 255 is no ink, uint8.
    """
    inks, black = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
    return ((inks * black + 127) // 255).astype(np.uint8)


def _check_unit_range(image: NDArray) -> None:
    if image.dtype.kind != "f":
        raise MfjaxError(f"images are uint8, uint16 or float, not {image.dtype}")
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        raise MfjaxError(f"float images must lie in [0, 1], not [{low:g}, {high:g}]; scale or clip first")
