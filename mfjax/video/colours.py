"""Pixels of decoded video frames: which matrix and range they have, and what is refused rather than guessed.

A frame's luma and chroma are numbers that mean colours only by a matrix (BT.601, BT.709 …) and a range (limited: 16 to
235 of 255; or full). Files state both, or neither; what they leave out is taken as players take it.
Source: ITU-T H.273, tables 2 to 4.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError

if TYPE_CHECKING:
    import av

BT601, BT709 = "BT.601", "BT.709"
MATRICES = {1: BT709, 5: BT601, 6: BT601}  # by their numbers in H.273
UNSTATED = 2
HDR_TRANSFERS, WIDE_PRIMARIES = {16: "PQ", 18: "HLG"}, {9, 11, 12}
FULL = 2  # FFmpeg's number of the full range; 1 is the limited one, and 0 says nothing
COLOURFUL, COLOURFUL_SHARE = 0.1, 0.02  # how far channels are apart, and at how many pixels, if a picture is in colour
HD_LINES = 720  # lines from which on players take a file that does not state its matrix as BT.709

_PLANAR = re.compile(r"(gray|yuvj?4\d\dp|nv12|nv21|nv16)(?:(\d+)le)?")


@dataclass(frozen=True)
class Colours:
    """The matrix and range of a stream's frames."""

    matrix: str
    full: bool
    stated: bool
    """True: the stream states its matrix."""


def colours_of(frame: "av.VideoFrame", name: str) -> Colours:
    """Returns what the numbers of a frame mean.

    Args:
        frame: the frame.
        name: the name of its file, for errors.

    Raises:
        MfjaxError: they mean colours of high dynamic range or another matrix, which are not converted.
    """
    transfer = HDR_TRANSFERS.get(frame.color_trc)
    if transfer is not None or frame.color_primaries in WIDE_PRIMARIES:
        what = f"of high dynamic range ({transfer})" if transfer else "in a wide gamut"
        raise MfjaxError(
            f"{name}: is {what}, which would give wrong colours; convert it to BT.709 first, such as by ffmpeg's "
            "filters zscale and tonemap"
        )
    kind = frame.format.name
    is_rgb = frame.format.is_rgb or kind.startswith(("gray", "pal"))
    if not is_rgb and frame.colorspace not in (*MATRICES, UNSTATED):
        raise MfjaxError(
            f"{name}: has the colour matrix {frame.colorspace} of H.273, which is not read; convert it to BT.709 first"
        )
    matrix = MATRICES.get(frame.colorspace, usual_matrix(frame.height))
    full = frame.color_range == FULL or (frame.color_range != 1 and (is_rgb or kind.startswith("yuvj")))
    return Colours(matrix, full, is_rgb or frame.colorspace in MATRICES)


def usual_matrix(height: int) -> str:
    """Returns the matrix of a video that does not state any, as players take it.

    Args:
        height: the rows of a frame.
    """
    return BT709 if height >= HD_LINES else BT601


def heat_of(frame: "av.VideoFrame", colours: Colours) -> NDArray:
    """Returns the luma of a frame as stored, [h, w], uint8 or uint16 of the full range.

    Gray of 9 to 16 bits keeps its values, which are those of a sensor.

    Args:
        frame: the frame.
        colours: its matrix and range.
    """
    found = _PLANAR.fullmatch(frame.format.name)
    if found is None:
        pixels = rgb_of(frame, colours)
        return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), pixels.dtype)
    bits = int(found[2] or 8)
    plane = frame.planes[0]
    stored = np.frombuffer(plane, np.uint8 if bits == 8 else np.dtype("<u2"))
    luma = stored.reshape(-1, plane.line_size // stored.itemsize)[: frame.height, : frame.width]
    if colours.full:
        if bits == 8 or found[1] == "gray":
            return luma.astype(luma.dtype.newbyteorder("="))  # a copy, since the decoder uses the frame's memory again
        return _levels(bits, 0, 2**bits - 1)[luma]
    return _levels(bits, 16 << (bits - 8), 219 << (bits - 8))[luma]


def rgb_of(frame: "av.VideoFrame", colours: Colours) -> NDArray:
    """Returns a frame as gray [h, w] or RGB [h, w, 3], uint8, or uint16 if it has more bits.

    Args:
        frame: the frame.
        colours: its matrix and range.
    """
    if frame.format.name.startswith("gray"):
        return heat_of(frame, colours)
    deep = max(component.bits for component in frame.format.components) > 8
    return frame.reformat(
        format="rgb48le" if deep else "rgb24",
        src_colorspace=_av().Colorspace.ITU709 if colours.matrix == BT709 else _av().Colorspace.ITU601,
        src_color_range=_av().ColorRange.JPEG if colours.full else _av().ColorRange.MPEG,
        dst_color_range=_av().ColorRange.JPEG,
    ).to_ndarray()


def is_colourful(rgb: NDArray) -> bool:
    """Returns true if a decoded picture shows colour, by more than a codec's noise.

    Args:
        rgb: gray [h, w] or RGB [h, w, 3].
    """
    if rgb.ndim == 2:
        return False
    apart = rgb.max(axis=-1).astype(np.int32) - rgb.min(axis=-1)
    return bool((apart > COLOURFUL * np.iinfo(rgb.dtype).max).mean() > COLOURFUL_SHARE)


def yuv_of(image: NDArray[np.uint8], matrix: str) -> "av.VideoFrame":
    """Returns a frame in 4:2:0, of limited range, of an image whose sides are even.

    Args:
        image: gray [h, w] or RGB [h, w, 3].
        matrix: BT601 or BT709.
    """
    import av

    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray" if image.ndim == 2 else "rgb24")
    made = frame.reformat(
        format="yuv420p",
        src_color_range=_av().ColorRange.JPEG,
        dst_colorspace=_av().Colorspace.ITU709 if matrix == BT709 else _av().Colorspace.ITU601,
        dst_color_range=_av().ColorRange.MPEG,
    )
    made.colorspace, made.color_range = (1 if matrix == BT709 else 6), 1
    return made


def _levels(bits: int, black: int, span: int) -> NDArray:
    """Returns a table from stored luma to that of the full range, in 8 or 16 bits."""
    top, dtype = (255, np.uint8) if bits == 8 else (65535, np.uint16)
    levels = (np.arange(2**bits) - black) * (top / span)
    return np.rint(np.clip(levels, 0, top)).astype(dtype)


def _av() -> Any:
    from av.video import reformatter

    return reformatter
