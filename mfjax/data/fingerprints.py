"""Identifies the images that a model was trained on, by a list short enough for its weights file.

A fingerprint is 8 bytes of a hash of an image's luma. A copy in another file format, or a colour image's gray copy, has
the same fingerprint; a crop or a resampled copy has another. By chance, one in 10^13 pairs of images share one.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images, stored_json
from mfjax.errors import MfjaxError

KEY = "seen"  # the key in a weights file's metadata
LENGTH = 8  # bytes of a fingerprint
UNKNOWN = "its file does not say which images it was trained on"


@dataclass(frozen=True)
class Seen:
    """The images that a model, and the models it was made from, are known to have been trained on."""

    images: frozenset[bytes] = frozenset()
    unknown: frozenset[str] = frozenset()
    """Reasons, each a clause, why it may have been trained on other images too; none if the list is complete."""

    def __or__(self, other: "Seen") -> "Seen":
        return Seen(self.images | other.images, self.unknown | other.unknown)


def fingerprint(image: NDArray) -> bytes | None:
    """Returns the fingerprint of an image, or None if it is constant, since different scenes share such images.

    Args:
        image: gray `[h, w]` or RGB `[h, w, 3]`, uint8, uint16 or float in [0, 1].
    """
    return _hash(images.luma(image))


def fingerprints(image: NDArray) -> frozenset[bytes]:
    """Returns all fingerprints that a copy of an image may have: OpenCV's conversion rounds its luma in another way.

    Args:
        image: gray `[h, w]` or RGB `[h, w, 3]`, uint8, uint16 or float in [0, 1].
    """
    made = {fingerprint(image)}
    if image.dtype == np.uint8 and image.ndim == 3:
        made.add(_hash(np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY))))
    return frozenset(each for each in made if each is not None)


def to_text(seen: Seen) -> str:
    """Returns the text that a weights file keeps.

    Args:
        seen: the fingerprints, and what is unknown.
    """
    packed = base64.b64encode(b"".join(sorted(seen.images))).decode()
    return json.dumps({"hash": f"sha256 of luma, {LENGTH} bytes", "images": packed, "unknown": sorted(seen.unknown)})


def from_text(text: str) -> Seen:
    """Returns the fingerprints in a text that `to_text` made.

    Args:
        text: JSON, as a weights file or a run's folder keeps it.

    Raises:
        MfjaxError: the text is not of that form.
    """
    try:
        told = stored_json.loads(text)
        packed = base64.b64decode(told["images"], validate=True)
        each = frozenset(packed[i : i + LENGTH] for i in range(0, len(packed), LENGTH))
        return Seen(each, frozenset(map(str, told["unknown"])))
    except (ValueError, TypeError, KeyError) as error:
        raise MfjaxError(f"a list of images that a model was trained on is damaged ({error})") from error


def from_metadata(metadata: Mapping[str, str]) -> Seen:
    """Returns the fingerprints in a weights file; of a file without a list, that its images are unknown.

    Args:
        metadata: the free text of a weights file, `Weights.metadata`.

    Raises:
        MfjaxError: the list is damaged.
    """
    return from_text(metadata[KEY]) if KEY in metadata else Seen(unknown=frozenset({UNKNOWN}))


def _hash(luma: NDArray) -> bytes | None:
    """Returns the fingerprint of a luma, or None if it is constant."""
    if luma.min() == luma.max():
        return None
    shape = np.array(luma.shape, "<i4").tobytes()
    return hashlib.sha256(shape + np.ascontiguousarray(luma).tobytes()).digest()[:LENGTH]
