"""Starts the page on an address of this machine."""

import ipaddress
import socket
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from mfjax.errors import MfjaxError

CONNECTIONS = 64  # at once
GRACE = 3  # seconds for answers to end when the server does


@dataclass(frozen=True)
class Address:
    """An address on which connections are taken."""

    socket: socket.socket
    is_loopback: bool

    @property
    def url(self) -> str:
        """Returns the page's address for a browser on this machine."""
        host, port = self.socket.getsockname()[:2]
        if ipaddress.ip_address(host).is_unspecified:
            host = "127.0.0.1"
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def bound(host: str, port: int) -> Address:
    """Returns an address on which connections wait.

    Args:
        host: a name or an address of this machine.
        port: the port; 0: one that is free.

    Raises:
        MfjaxError: there is no such address on this machine, or the port is in use or not allowed.
    """
    if not 0 <= port <= 65_535:
        raise MfjaxError(f"port is {port}; it is a number from 1 to 65535, or 0 for one that is free")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.create_server(address[:2], family=family, backlog=CONNECTIONS)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MfjaxError(
            f"{host} port {port}: can't be listened on ({reason}); choose another --port, or 0 for one that is free"
        ) from error
    return Address(made, ipaddress.ip_address(made.getsockname()[0]).is_loopback)


def run(app: ASGIApp, address: Address) -> None:
    """Serves an application until a signal ends it.

    Args:
        app: the application.
        address: where.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run(sockets=[address.socket])
