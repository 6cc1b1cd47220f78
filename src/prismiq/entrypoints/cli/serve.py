"""``prismiq serve``."""

import asyncio
from typing import Annotated

import typer
import uvicorn

from prismiq.domain.model.errors import PrismiqError
from prismiq.entrypoints.cli.http_server import (
    AnnouncingServer,
    listening,
    rehearse,
    server_options,
    url_of,
)
from prismiq.entrypoints.cli.shared_metrics import metrics_directory
from prismiq.entrypoints.cli.terminal import messages
from prismiq.entrypoints.settings import Settings

_APPLICATION = "prismiq.entrypoints.asgi:app"
_WORKER = "prismiq.entrypoints.cli.worker:app"


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
    options = server_options(settings)
    with listening(host, port) as listener:
        asyncio.run(rehearse(settings))
        if workers == 1:
            url = url_of(listener)
            config = uvicorn.Config(_APPLICATION, **options)
            server = AnnouncingServer(config, lambda: messages.print(f"Prismiq answers on {url}."))
            server.run(sockets=[listener])
            if not server.started:
                raise ServerStartError("The server could not start; the lines above say why.")
            return
    # uvicorn's supervisor of workers binds the address by itself, so it was given back.
    if not settings.enable_metrics:
        uvicorn.run(_APPLICATION, host=host, port=port, workers=workers, **options)
        return
    with metrics_directory():
        uvicorn.run(_WORKER, host=host, port=port, workers=workers, **options)
