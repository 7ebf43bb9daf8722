"""Reads the body of a request, which must not be too large nor too slow."""

import json
from typing import Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_JSON = 2**16  # bytes


async def read(request: Request, most: int, seconds: float) -> bytes:
    """Returns the body of a request.

    Args:
        request: the request.
        most: the most bytes.
        seconds: the most seconds.

    Raises:
        HTTPException: it is larger (413), slower (408) or empty (400).
    """
    too_large = HTTPException(413, f"the file has more than {most / 2**20:,.0f} MB, which is the most on this page")
    if _stated(request) > most:
        raise too_large
    parts, size = [], 0
    try:
        with anyio.fail_after(seconds):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise HTTPException(408, f"the file took more than {seconds:g} s to arrive") from None
    if not size:
        raise HTTPException(400, "the file is empty")
    return b"".join(parts)


async def read_json(request: Request) -> Any:
    """Returns the JSON in the body of a request.

    Args:
        request: the request.

    Raises:
        HTTPException: it is not called JSON (415), or is none (400).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "send JSON, with the content type application/json")
    try:
        return json.loads(await read(request, LARGEST_JSON, 10))
    except (ValueError, RecursionError):
        raise HTTPException(400, "this is no JSON") from None


def _stated(request: Request) -> int:
    """Returns the length that a request states; 0 if it does not."""
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isdecimal() and len(stated) < 20 else 0
