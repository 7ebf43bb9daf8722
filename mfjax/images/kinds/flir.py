"""FLIR's own files: one frame (FFF), or many in a row (SEQ, and CSQ with JPEG-LS inside)."""

from mfjax.errors import MfjaxError
from mfjax.images import flir
from mfjax.images.formats import Format
from mfjax.images.metadata import CELSIUS, Decoded, Metadata
from mfjax.images.radiometric import Thermal


def _recognises(data: bytes) -> bool:
    return data.startswith(flir.SIGNATURES)


def _count_pages(data: bytes) -> int:
    return len(flir.starts(data))


def _frame(data: bytes, page: int | None) -> tuple[flir.Frame, int]:
    """Returns a frame, and the number of frames."""
    starts = flir.starts(data)
    if page is not None and page >= len(starts):
        raise MfjaxError(f"has {len(starts)} frames, counted from 0; there is no frame {page}")
    return flir.frame(data, starts[page or 0]), len(starts)


def _decode(data: bytes, page: int | None) -> Decoded:
    frame, frames = _frame(data, page)
    ignored = f"first frame of {frames} read, others ignored; FILE[1] (page=1) is the second"
    notes = (ignored,) if frames > 1 and page is None else ()
    return Decoded(
        flir.thermal(frame).celsius,
        metadata=Metadata(page=page or 0, pages=frames, unit=CELSIUS),
        notes=notes,
    )


def _thermal(data: bytes, page: int | None) -> Thermal:
    return flir.thermal(_frame(data, page)[0])


def _has_photo(data: bytes) -> bool:
    return flir.has_photo(_frame(data, None)[0])


FORMAT = Format(
    name="FLIR",
    suffixes=(".fff", ".seq", ".csq"),
    recognises=_recognises,
    decode=_decode,
    reads="temperatures in °C (float32), from raw counts as they are, in PNG or in JPEG-LS; frames as pages",
    refuses="a frame that is cut, raw counts without a calibration",
    says="further frames",
    count_pages=_count_pages,
    thermal=_thermal,
    has_photo=_has_photo,
)
