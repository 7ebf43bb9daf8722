"""OpenCV's encoders and decoders, kept from printing what an exception is about to say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images.damage import damaged


def encode(suffix: str, pixels: NDArray, options: Sequence[int] = ()) -> bytes:
    """Returns a file's bytes.

    Args:
        suffix: the format's, such as ".png".
        pixels: gray [h, w] or RGB [h, w, 3].
        options: of `cv2.imencode`.

    Raises:
        MfjaxError: OpenCV can't encode these pixels.
    """
    bgr = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1])
    try:
        with _quiet():
            done, data = cv2.imencode(suffix, bgr, options)
    except cv2.error as error:
        raise MfjaxError(error.err) from error
    if not done:
        raise MfjaxError(f"they are too many for a {suffix}")
    return data.tobytes()


def decode(data: bytes) -> NDArray:
    """Returns a file's pixels: [h, w], RGB [h, w, 3] or RGB and alpha [h, w, 4].

    Args:
        data: the file's bytes.

    Raises:
        MfjaxError: OpenCV can't decode them.
    """
    try:
        with _quiet():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise damaged(error.err) from error
    if image is None:
        raise damaged("OpenCV does not say how")
    return image if image.ndim == 2 else np.ascontiguousarray(image[..., [2, 1, 0, *range(3, image.shape[2])]])


@contextmanager
def _quiet() -> Iterator[None]:
    log = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 and 4 keep the level in different places; 0 is silence
    level = log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(level)
