"""Reads and writes image files, and converts between the number formats of their pixels.

An image is an array [h, w] (gray) or [h, w, 3] (RGB, never BGR) of one of three types: uint8 from 0 to 255,
uint16 from 0 to 65535, or float32. Files hold any of the three; the models take float32 in [0, 1].

`read_thermal` gives a thermal camera's temperatures, and the photo in the same file.

`kinds` has a file for each kind of image files (`formats` finds them there, and no kind knows another), `reading` and
`writing` what is the same for all, `metadata` what a file holds besides pixels.
"""

from mfjax.images.formats import FORMATS, SUFFIXES
from mfjax.images.limits import MIN_SIDE
from mfjax.images.metadata import ImageFile, Metadata
from mfjax.images.numbers import LUMA, from_float, is_colour, luma, to_float, to_luma
from mfjax.images.picture import Picture, panel
from mfjax.images.radiometric import Placement, Thermal
from mfjax.images.reading import decode, open, read, split_selection
from mfjax.images.thermal import has_photo, read_thermal
from mfjax.images.writing import check_quality, encode, write, write_all

__all__ = [
    "FORMATS",
    "LUMA",
    "MIN_SIDE",
    "SUFFIXES",
    "ImageFile",
    "Metadata",
    "Picture",
    "Placement",
    "Thermal",
    "check_quality",
    "decode",
    "encode",
    "from_float",
    "has_photo",
    "is_colour",
    "luma",
    "open",
    "panel",
    "read",
    "read_thermal",
    "split_selection",
    "to_float",
    "to_luma",
    "write",
    "write_all",
]
