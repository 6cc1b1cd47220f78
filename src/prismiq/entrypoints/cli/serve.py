"""``prismiq serve``."""

import asyncio
import signal
import socket
from contextlib import nullcontext
from typing import Annotated

import typer

from prismiq.domain.model.errors import PrismiqError
from prismiq.entrypoints.cli.draining_server import DrainingServer
from prismiq.entrypoints.cli.ending_signals import unwinding_on_signals
from prismiq.entrypoints.cli.http_server import listening, make_server, rehearse, url_of
from prismiq.entrypoints.cli.shared_metrics import metrics_directory
from prismiq.entrypoints.cli.supervisor import Supervisor
from prismiq.entrypoints.cli.terminal import messages
from prismiq.entrypoints.server_logging import set_up_process
from prismiq.entrypoints.settings import Settings

_PATIENCE = 30.0
_CLOSING = 10.0
"""Seconds for pools and logs to be closed after the last request."""


class ServerStartError(PrismiqError):
    """The server ended before it could answer."""

    code = "server_start_failed"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=1_000, help="Processes.")] = 1,
) -> None:
    """Serve what the settings describe."""
    settings = Settings()
    with listening(host, port) as listener, unwinding_on_signals(exit_code=0):
        asyncio.run(rehearse(settings))
        set_up_process(settings)
        if workers == 1:
            _serve_alone(listener, settings)
        else:
            _serve_together(listener, settings, workers)


def _serve_alone(listener: socket.socket, settings: Settings) -> None:
    url = url_of(listener)
    server = make_server(
        settings,
        DrainingServer,
        announce=lambda: messages.print(f"Prismiq answers on {url}."),
    )
    server.run(sockets=[listener])
    if not server.started:
        raise ServerStartError("The server could not start; the lines above say why.")


def _serve_together(listener: socket.socket, settings: Settings, count: int) -> None:
    url = url_of(listener)
    supervisor = Supervisor(
        listener,
        count,
        patience=_PATIENCE + settings.query_timeout + settings.shutdown_timeout,
        deadline=settings.drain_seconds + settings.shutdown_timeout + _CLOSING,
        announce=lambda: messages.print(f"Prismiq answers on {url}, in {count} processes."),
    )
    with metrics_directory() if settings.enable_metrics else nullcontext():
        told_by = asyncio.run(supervisor.run())
    if told_by is signal.SIGINT:
        raise KeyboardInterrupt
