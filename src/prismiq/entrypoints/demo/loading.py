"""Filling the demo's database: once, all or nothing."""

from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from urllib.parse import urlsplit

from prismiq.adapters.postgres.owner_session import OwnerSession, owner_session
from prismiq.entrypoints.demo.dataset import TABLE_FILES, Dataset, TableFile

DATABASE = "nycflights13"
READER = "prismiq_reader"

_MARKER = "Prismiq demo data, version 1"
"""The database's comment. It appears in the same transaction as the data; a change of the tables
or keys needs a new number, and the data are then loaded anew."""

_CHUNK_BYTES = 1 << 18

OnBytes = Callable[[int], None]
"""Is told how many bytes more have been read."""


def reader_dsn(server_dsn: str) -> str:
    """Return the address of the demo's database for the role that can only read."""
    return _with(server_dsn, user=READER, database=DATABASE)


async def ensure_loaded(server_dsn: str, dataset: Dataset, on_bytes: OnBytes) -> bool:
    """Load the data unless they are there, complete; return whether it was needed.

    ``server_dsn`` is the address of the server for its superuser. An interrupted load leaves
    the database as it was before.

    Raises:
        DatabaseUnavailableError: the server cannot be reached or failed.
    """
    async with owner_session(server_dsn) as session:
        if not await session.value(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - our constant
            await session.run(f"CREATE DATABASE {DATABASE}")
    async with owner_session(_with(server_dsn, user="postgres", database=DATABASE)) as session:
        if await _is_complete(session):
            return False
        async with session.transaction():
            await _load(session, dataset, on_bytes)
        await session.run("VACUUM (ANALYZE)")
    return True


async def _is_complete(session: OwnerSession) -> bool:
    comment = await session.value(
        "SELECT shobj_description(oid, 'pg_database')"
        " FROM pg_database WHERE datname = current_database()"
    )
    if comment != _MARKER:
        return False
    for file in TABLE_FILES:
        if await session.value(f"SELECT to_regclass('public.{file.table}')") is None:
            return False
        if await session.value(f"SELECT count(*) FROM public.{file.table}") != file.rows:  # noqa: S608 - our constant
            return False
    return True


async def _load(session: OwnerSession, dataset: Dataset, on_bytes: OnBytes) -> None:
    await session.run("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    await session.run(_script("tables"))
    for file in TABLE_FILES:
        await session.copy_csv(file.table, _chunks(dataset, file, on_bytes), null="NA")
    await session.run(_script("keys"))
    await session.run(_script("reader"))
    await session.run("ANALYZE")
    await session.run(f"COMMENT ON DATABASE {DATABASE} IS '{_MARKER}'")


async def _chunks(dataset: Dataset, file: TableFile, on_bytes: OnBytes) -> AsyncIterator[bytes]:
    with dataset.opened(file) as rows:
        while chunk := rows.read(_CHUNK_BYTES):
            yield chunk
            on_bytes(len(chunk))


def _script(name: str) -> str:
    return files("prismiq.entrypoints.demo").joinpath(f"{name}.sql").read_text("utf-8")


def _with(dsn: str, *, user: str, database: str) -> str:
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}@{host}", path=f"/{database}").geturl()
