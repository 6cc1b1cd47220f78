"""``prismiq cache``: the cache that all processes share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError
from prismiq.domain.model.observations import CacheUsage
from prismiq.entrypoints.caching import cache_for
from prismiq.entrypoints.cli.table_format import plain_table
from prismiq.entrypoints.cli.terminal import messages, print_table, write
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.settings import Settings
from prismiq.ports.shared_cache import SharedCache
from prismiq.ports.table_versions import TableVersions

cache = typer.Typer(no_args_is_help=True, help="Look into the shared cache, or empty it.")


@cache.command()
def invalidate(
    table: Annotated[
        str | None,
        typer.Argument(help="A table or view, as 'table' or 'schema.table'. None: everything."),
    ] = None,
) -> None:
    """Forget kept answers, for all servers and tenants."""
    count = asyncio.run(_invalidate(table))
    what = "everything" if table is None else table
    write(f"Invalidated {what}: {count} {'answer' if count == 1 else 'answers'} at most.")


@cache.command()
def stats() -> None:
    """Count what is kept. Hits and misses are in each server's /cache/stats and metrics."""
    usage = asyncio.run(_inventory())
    table = plain_table("what", "")
    table.add_row("entries", f"{usage.entries:,}")
    table.add_row("bytes", f"{usage.used_bytes:,}")
    print_table(table)


async def _invalidate(table: str | None) -> int:
    settings = Settings()
    async with _shared(settings) as shared:
        # Not through an engine: what it cannot tell Redis it would tell later, and we end now.
        versions = shared.table_versions()
        if table is None:
            names, count = [TableVersions.EVERYTHING], await versions.rotate_all()
        else:
            names = [await _version_name(settings, table)]
            count = await versions.rotate(names)
        await shared.invalidation_bus().publish(names)
        return count


async def _version_name(settings: Settings, table: str) -> str:
    """Return under which name changes are announced: a partition by the table it belongs to."""
    engine = PrismiqEngine.from_options(settings)
    try:
        async with engine:
            return engine.catalog.known_version_name(table)
    except DatabaseUnavailableError:
        messages.print(
            "The database cannot be reached, so a partition is taken for a table of its own.",
            style="yellow",
        )
        return engine.catalog.known_version_name(table)


async def _inventory() -> CacheUsage:
    async with _shared(Settings()) as shared:
        return await shared.inventory()


@asynccontextmanager
async def _shared(settings: Settings) -> AsyncIterator[SharedCache]:
    if settings.redis_url is None:
        raise ConfigurationError(
            "There is no shared cache: PRISMIQ_REDIS_URL is not set. A server without it keeps"
            " answers in its own memory: ask it with POST /api/cache/invalidate."
        )
    shared = cache_for(settings)
    if not isinstance(shared, SharedCache):
        raise ConfigurationError("Nothing is kept: PRISMIQ_CACHE_TTL is 0.")
    try:
        await shared.connect()
        yield shared
    finally:
        await shared.disconnect()
