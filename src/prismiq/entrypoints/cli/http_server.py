"""Serving an ASGI application on a socket that is ours before anything else starts."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn

from prismiq.domain.model.errors import PrismiqError
from prismiq.entrypoints.app import create_app
from prismiq.entrypoints.cli.draining_server import DrainingServer
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.server_logging import set_up_process
from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.tracing import export_spans

Server = TypeVar("Server", bound=DrainingServer)


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
    """Return uvicorn's options: a query that is running at the end may finish, for some time."""
    return {
        "proxy_headers": False,  # no client may say who it is
        "server_header": False,
        "log_config": None,  # logging is set up before, for uvicorn too
        "timeout_graceful_shutdown": settings.shutdown_timeout,
    }


def make_server(settings: Settings, kind: Callable[..., Server], **arguments: Any) -> Server:
    """Return the server of a process that serves what the settings describe.

    Args:
        settings: of the application and the server.
        kind: ``DrainingServer``, or what descends from it.
        arguments: more of its arguments.
    """
    # In each worker: it is a process of its own.
    set_up_process(settings)
    export_spans(settings)
    app = create_app(settings)
    return kind(
        uvicorn.Config(app, **server_options(settings)),
        drain=app.state.engine.drain,
        drain_seconds=settings.drain_seconds,
        **arguments,
    )
