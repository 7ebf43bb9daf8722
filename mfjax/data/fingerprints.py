"""Which images a model was trained on, as a list so short that its weights file carries it.

A fingerprint is 8 bytes of a hash of an image's luma, so that another file format or a colour image's gray copy has the
same one; a crop or a resampled copy has another. One in 10^13 pairs of different images has the same by chance.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError

KEY = "seen"  # of the metadata of a weights file
LENGTH = 8  # bytes
UNKNOWN = "its file does not say which images it was trained on"


@dataclass(frozen=True)
class Seen:
    """What is known of the images that a model, and those it was made from, were trained on."""

    images: frozenset[bytes] = frozenset()
    unknown: frozenset[str] = frozenset()
    """What else it was trained on without a record of it, a sentence's part each; none where the list is complete."""

    def __or__(self, other: "Seen") -> "Seen":
        return Seen(self.images | other.images, self.unknown | other.unknown)


def fingerprint(image: NDArray) -> bytes | None:
    """The fingerprint of an image, gray `[h, w]` or RGB `[h, w, 3]`; None of a constant one, which scenes share."""
    return _of_luma(images.luma(image))


def fingerprints(image: NDArray) -> frozenset[bytes]:
    """All that a copy of an image may have: its luma is rounded one way here and another by OpenCV's conversion."""
    made = {fingerprint(image)}
    if image.dtype == np.uint8 and image.ndim == 3:
        made.add(_of_luma(np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY))))
    return frozenset(each for each in made if each is not None)


def to_text(seen: Seen) -> str:
    """What a weights file keeps."""
    packed = base64.b64encode(b"".join(sorted(seen.images))).decode()
    return json.dumps({"hash": f"sha256 of luma, {LENGTH} bytes", "images": packed, "unknown": sorted(seen.unknown)})


def from_text(text: str) -> Seen:
    """The inverse of `to_text`.

    Raises:
        MfjaxError: the text is none of its.
    """
    try:
        told = json.loads(text)
        packed = base64.b64decode(told["images"], validate=True)
        each = frozenset(packed[i : i + LENGTH] for i in range(0, len(packed), LENGTH))
        return Seen(each, frozenset(map(str, told["unknown"])))
    except (ValueError, TypeError, KeyError) as error:
        raise MfjaxError(f"a list of images that a model was trained on is damaged ({error})") from error


def of_metadata(metadata: Mapping[str, str]) -> Seen:
    """What a weights file says by its metadata; of one without a list, that it is unknown.

    Raises:
        MfjaxError: the list is damaged.
    """
    return from_text(metadata[KEY]) if KEY in metadata else Seen(unknown=frozenset({UNKNOWN}))


def _of_luma(luma: NDArray) -> bytes | None:
    if luma.min() == luma.max():
        return None
    shape = np.array(luma.shape, "<i4").tobytes()
    return hashlib.sha256(shape + np.ascontiguousarray(luma).tobytes()).digest()[:LENGTH]
