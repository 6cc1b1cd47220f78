"""Serving an ASGI application on a socket that is ours before anything else starts."""

import math
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from prismiq.domain.model.errors import PrismiqError
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.settings import Settings


class AddressError(PrismiqError):
    """The address cannot be listened on."""

    code = "address_unavailable"


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on the address. Who connects before the server is ready waits.

    Raises:
        AddressError: the port is in use, or the address is not one of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        is_unknown = isinstance(error, socket.gaierror)
        reason = "this name is not known" if is_unknown else os.strerror(error.errno or 0).lower()
        raise AddressError(
            f"Cannot listen on {host}, port {port}: {reason}. Choose another with --port or --host."
        ) from error
    with listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    """Return an address that a browser on this machine can open."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def rehearse(settings: Settings) -> None:
    """Start an engine and stop it, so that what is wrong is said before the server starts.

    Raises:
        PrismiqError: why the engine cannot start.
    """
    # It is not the one that serves, so it does not count.
    async with PrismiqEngine.from_options(settings.model_copy(update={"enable_metrics": False})):
        pass


def server_options(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's options: a query that is running at shutdown may finish."""
    return {
        "proxy_headers": False,  # no client may say who it is
        "server_header": False,
        "timeout_graceful_shutdown": math.ceil(settings.query_timeout) + 1,
    }


class AnnouncingServer(uvicorn.Server):
    """Calls ``announce`` when the first request would be answered."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def main_loop(self) -> None:
        """Announce, then serve until told to end."""
        # Not sooner: uvicorn leaves without a clean end when a signal comes before this.
        self._announce()
        await super().main_loop()
