"""Checks every request, and gives every answer its headers, so that no other web page can use this one.

A page of another site can send requests to a local server, and by DNS rebinding (a name of its own that suddenly means
127.0.0.1) even read the answers. So the name in Host must be one that means this machine by itself, and a browser's own
words on where a request comes from (Origin, Sec-Fetch-Site) must say: from this page.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
READING = "GET", "HEAD"


class Guard:
    """Refuses requests of other sites, and gives answers their headers.

    Args:
        app: the application.
        names: the names, besides addresses and localhost, by which this machine is called.
        loopback: take only addresses of this machine's own loopback; false where others may connect.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str] = (), loopback: bool = True) -> None:
        self._app, self._loopback = app, loopback
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        app = self._app if refusal is None else JSONResponse({"error": refusal}, status_code=403)
        await app(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> str | None:
        """Returns why a request is refused; None if it is not."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return f"this page is not called {host[:80]!r}; open it by its address"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "requests of other pages are refused"
        is_page = method in READING and not path.startswith("/api/")
        if not is_page and site not in ("same-origin", "none"):
            return "requests of other sites are refused"
        return None

    def _is_ours(self, host: str) -> bool:
        """Returns true if a Host means this machine by itself: an address, which is no name that could be rebound."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name.rstrip(".") in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback
