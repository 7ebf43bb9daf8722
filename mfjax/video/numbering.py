"""Writing a fused video as numbered images."""

from pathlib import Path

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.video.fusing import FusedFrame
from mfjax.video.sequences import NUMBER, numbered_files


class ImageWriter:
    """Writes frames as numbered images.

    Args:
        out: a folder, for 00000.png and so on; or a pattern such as `fused_%05d.png`.
        first: the number of the first frame.

    Raises:
        MfjaxError: it is neither.
    """

    def __init__(self, out: Path, first: int = 0) -> None:
        self._pattern = pattern_of(out)
        if self._pattern.suffix.lower() not in images.FORMATS:
            raise MfjaxError(f"{out}: unknown suffix {out.suffix!r}; images are one of {', '.join(images.FORMATS)}")
        self._pattern.parent.mkdir(parents=True, exist_ok=True)
        self._number = first

    def write(self, frame: FusedFrame) -> None:
        """Writes one more image, completely or not at all."""
        images.write(self._pattern.with_name(self._pattern.name % self._number), frame.fused)
        self._number += 1

    def close(self) -> None:
        """Does nothing, since each image is complete."""


def pattern_of(out: Path) -> Path:
    """Returns the pattern of the images that are written to a folder or a pattern.

    Args:
        out: a folder or a pattern.

    Raises:
        MfjaxError: it is a file's name without a number in it.
    """
    if NUMBER.search(out.name):
        numbered_files(out)  # checks that there is one
        return out
    if out.suffix and not out.is_dir():
        ways = "a .mp4, .mov or .mkv file, a folder, or a pattern such as fused_%05d.png"
        raise MfjaxError(f"{out}: is none of what a video is written to: {ways}")
    return out / "%05d.png"


def images_there(out: Path) -> int:
    """Returns how many images of a sequence an earlier run wrote, up to the first one that is missing.

    Args:
        out: a folder or a pattern, as of `ImageWriter`.
    """
    pattern = pattern_of(out)
    there = numbered_files(pattern) if pattern.parent.is_dir() else {}
    return next(number for number in range(len(there) + 1) if number not in there)
