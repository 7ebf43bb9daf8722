"""The answers of the page as JSON and headers, and the queries that ask for pictures."""

import math
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.datastructures import QueryParams

from mfjax.errors import MfjaxError
from mfjax.serve.fusing import Place, Result
from mfjax.serve.limits import Limits
from mfjax.serve.queue import Job
from mfjax.serve.uploads import shortened
from mfjax.serve.views import LAYERS

ALIGNMENT = Path("alignment.png")


def limits(found: Limits) -> dict[str, Any]:
    """Returns the limits that the page shows before it is refused.

    Args:
        found: the limits.
    """
    return {"upload": found.upload, "output_pixels": found.output_pixels, "seconds": found.seconds}


def job(found: Job, before: int) -> dict[str, Any]:
    """Returns how far a job is, for JSON.

    Args:
        found: the job.
        before: the number of jobs before it.
    """
    told: dict[str, Any] = {"state": found.state, "before": before, "stage": found.stage, "share": found.share}
    told |= {"notes": [shortened(note) for note in found.notes], "error": shortened(found.error) or None}
    told |= {"seconds": round(found.seconds, 1), "alignment": _alignment(found.found)}
    return told | {"result": None if found.result is None else _result(found.result)}


def drawing(asked: QueryParams) -> dict[str, Any]:
    """Returns the options of `mfjax.serve.views.drawn` that a query names.

    Args:
        asked: the query.

    Raises:
        MfjaxError: a number is none.
    """
    how: dict[str, Any] = {"bits": 8, "palette": asked.get("palette") or None, "hot": None}
    try:
        how["bits"] = int(asked.get("bits", 8))
        how["hot"] = float(asked["hot"]) if asked.get("hot") else None
    except ValueError:
        raise MfjaxError("bits is 8 or 16, and hot a number from 0 to 1") from None
    if how["hot"] is not None and not (math.isfinite(how["hot"]) and 0 <= how["hot"] <= 1):
        raise MfjaxError(f"hot is {how['hot']:g}; it is a number from 0 to 1")
    return how


def suffix(layer: str, how: dict[str, Any]) -> str:
    """Returns the end of a download's name.

    Args:
        layer: the layer.
        how: the options of its picture.
    """
    parts = [layer, "hot" if how["hot"] is not None else "", how["palette"] or "", "16bit" if how["bits"] == 16 else ""]
    return "_".join(filter(None, parts))


def attachment(name: str) -> str:
    """Returns the header of a download.

    Args:
        name: the name of its file.
    """
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _alignment(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    found = place.found
    if found is None:
        return {"found": False}
    numbers = {"confidence": found.confidence, "residual": found.residual, "overlap": found.overlap}
    return {"found": True, "words": found.words} | {
        name: number if math.isfinite(number) else None for name, number in numbers.items()
    }


def _result(found: Result) -> dict[str, Any]:
    height, width = found.fusion.fused.shape[:2]
    sizes = {"ir": found.ir.shape[:2], "vis": found.vis.shape[:2]}
    layers = [
        {"name": name, "title": title, "size": [*sizes.get(name, (height, width))]} for name, title in LAYERS.items()
    ]
    celsius = None if found.celsius is None else [round(end, 2) for end in found.celsius]
    return {"name": found.name, "height": height, "width": width, "layers": layers, "celsius": celsius}
