"""Live cameras as sources: a thread takes each frame when it comes, and old ones give way to new ones.

Thermal cameras of the UVC kind give 16 bits only if OpenCV does not convert them (CAP_PROP_CONVERT_RGB is 0):

- Y16: one number of 16 bits a pixel, as the sensor counts;
- 256×384 (TC001 and its like): a picture of 256×192 in YUYV, and below it as many temperatures in 1/64 K.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images.metadata import CELSIUS
from mfjax.images.planck import ZERO_CELSIUS
from mfjax.video.frames import Frame

HISTORY = 0.25  # seconds of frames that are kept for whoever takes them; older ones are dropped
PATIENCE = 5.0  # seconds after which a camera that sends nothing counts as lost
STACKED = (384, 256)  # (height, width) of a picture above as many temperatures
STEPS = 64  # of such temperatures in a kelvin

logger = logging.getLogger("mfjax")


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def isOpened(self) -> bool:  # noqa: N802
        """Returns true if there is such a camera."""

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        """Sets a property."""

    def get(self, propId: int) -> float:  # noqa: N803
        """Returns a property."""

    def read(self) -> tuple[bool, Any]:
        """Waits for a frame; false if there is none."""

    def release(self) -> None:
        """Closes the camera."""


class Camera:
    """A live camera.

    Args:
        device: its number, or a path such as /dev/video2, or anything else that OpenCV opens.
        heat: it is the infrared one: frames are taken as they come, without OpenCV's conversion to colour.
        capture: opens a device; by default OpenCV's.

    Raises:
        MfjaxError: there is no such camera.
    """

    is_live = True
    duration = None

    def __init__(
        self, device: str, *, heat: bool = False, capture: Callable[[int | str], Capture] | None = None
    ) -> None:
        self.name, self._heat = f"camera {device}", heat
        opens: Any = capture or cv2.VideoCapture
        self._capture: Capture = opens(int(device) if device.isdigit() else device)
        if not self._capture.isOpened():
            raise MfjaxError(f"there is no camera {device!r}, or another program uses it; 0 is the first one")
        if heat:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"Y16 "))
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        stated = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = stated if 0 < stated < 1000 else None
        self.dropped = 0
        self._waiting: deque[tuple[float, Any]] = deque()
        self._news = threading.Condition()
        self._ended: str | None = None

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yields frames as they come, until the camera ends; times are seconds of the machine's clock.

        Args:
            start: has no meaning here.
        """
        threading.Thread(target=self._take, daemon=True).start()
        try:
            while True:
                with self._news:
                    if not self._news.wait_for(lambda: self._waiting or self._ended is not None, PATIENCE):
                        raise MfjaxError(f"{self.name}: has sent nothing for {PATIENCE:g} s")
                    if not self._waiting:
                        logger.warning("%s: %s", self.name, self._ended)
                        return
                    taken, raw = self._waiting.popleft()
                yield as_frame(raw, taken) if self._heat else Frame(_rgb(raw), taken)
        finally:
            with self._news:
                self._ended = self._ended or "closed"

    def _take(self) -> None:
        """Takes frames until the camera or their user ends."""
        while self._ended is None:
            there, raw = self._capture.read()
            now = time.monotonic()
            with self._news:
                if there:
                    self._waiting.append((now, raw))
                    while now - self._waiting[0][0] > HISTORY:
                        self._waiting.popleft()
                        self.dropped += 1
                else:
                    self._ended = self._ended or "sends no more frames"
                self._news.notify_all()
        self._capture.release()


def as_frame(raw: NDArray, taken: float) -> Frame:
    """Returns what an infrared camera sent as a frame: temperatures or counts, where it sent such.

    Args:
        raw: what OpenCV gave: uint16 [h, w]; two bytes a pixel, uint8 [h, w, 2]; gray; or a picture in BGR.
        taken: the seconds at which it came.

    Raises:
        MfjaxError: it is none of these.
    """
    if raw.ndim == 3 and raw.shape[2] == 2:
        if raw.shape[:2] == STACKED:
            celsius = _words(raw[STACKED[0] // 2 :]).astype(np.float32) / STEPS - np.float32(ZERO_CELSIUS)
            return Frame(celsius, taken, CELSIUS)
        if raw.dtype == np.uint8:
            return Frame(np.ascontiguousarray(raw[..., 0]), taken)  # YUYV, whose first byte is luma
    if raw.ndim == 3 and raw.shape[2] == 3:
        return Frame(_rgb(raw), taken)
    if raw.ndim == 2 and raw.dtype in (np.uint8, np.uint16):
        return Frame(raw, taken)
    raise MfjaxError(f"the infrared camera sends {raw.dtype} of shape {raw.shape}, which is not understood")


def _words(pairs: NDArray) -> NDArray[np.uint16]:
    """Returns 16-bit numbers of two bytes each, the low one first."""
    return np.ascontiguousarray(pairs.astype(np.uint8, copy=False)).view("<u2")[..., 0]


def _rgb(raw: NDArray) -> NDArray:
    return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), raw.dtype) if raw.ndim == 3 else raw
