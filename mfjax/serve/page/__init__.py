"""The page's own files, as they lie beside this one; nothing of them comes from elsewhere."""

from functools import lru_cache
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


async def index(request: Request) -> Response:
    """Sends the page."""
    return _sent("index.html")


async def file(request: Request) -> Response:
    """Sends one of its files."""
    return _sent(request.path_params["name"])


@lru_cache(1)
def _files() -> dict[str, bytes]:
    """Returns the content of all files by their names, so that no path is ever made of a request."""
    folder = resources.files(__name__)
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.name.endswith((*TYPES,))}


def _sent(name: str) -> Response:
    if name not in _files():
        raise HTTPException(404, "there is no such file")
    return Response(_files()[name], media_type=TYPES[name[name.rindex(".") :]])
