"""The demo's data: complete, typed, keyed, loaded once and never by halves."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import asyncpg
import pytest

from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError
from prismiq.entrypoints.demo import dataset as dataset_module
from prismiq.entrypoints.demo.dataset import TABLE_FILES, Dataset
from prismiq.entrypoints.demo.loading import ensure_loaded, reader_dsn

UNKNOWN_MODULE = "no_such_package_anywhere"
_LOADING_FLIGHTS = "SELECT pid FROM pg_stat_progress_copy WHERE tuples_processed > 50000"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A server of this module alone: the demo's database has a fixed name."""
    path = Path(tempfile.mkdtemp(prefix="prismiq-test-"))
    path.chmod(0o755)
    with EmbeddedPostgres(path / "data", settings={"fsync": "off"}) as running:
        yield running
    shutil.rmtree(path)


@pytest.fixture
async def owner(server: EmbeddedPostgres) -> AsyncIterator[Any]:
    """A superuser's plain connection to the complete demo database."""
    await ensure_loaded(server.dsn, Dataset.installed(), ignore)
    address = urlsplit(server.dsn)._replace(path="/nycflights13").geturl()
    connection = await asyncpg.connect(address)
    yield connection
    await connection.close()


def ignore(_bytes: int) -> None:
    """Nobody watches the progress here."""


@pytest.fixture
def broken_dataset(tmp_path: Path) -> Dataset:
    """All files, but the flights end in the middle of a line."""
    source = Dataset.installed()
    for file in TABLE_FILES[:-1]:
        with source.opened(file) as rows:
            (tmp_path / file.file_name).write_bytes(rows.read())
    with source.opened(TABLE_FILES[-1]) as rows, ZipFile(tmp_path / "flights.csv.zip", "w") as out:
        out.writestr("flights.csv", rows.read(1_000_003))
    return Dataset(tmp_path)


async def test_an_interrupted_load_leaves_nothing_and_the_next_one_tells_its_progress(
    server: EmbeddedPostgres, broken_dataset: Dataset
) -> None:
    with pytest.raises(DatabaseUnavailableError):
        await ensure_loaded(server.dsn, broken_dataset, ignore)
    connection = await asyncpg.connect(urlsplit(server.dsn)._replace(path="/nycflights13").geturl())
    assert await connection.fetchval("SELECT to_regclass('public.airlines')") is None
    await connection.close()

    seen: list[int] = []
    assert await ensure_loaded(server.dsn, Dataset.installed(), seen.append)
    assert sum(seen) == Dataset.installed().size()
    assert len(seen) > 100


@pytest.mark.usefixtures("owner")
async def test_complete_data_are_not_loaded_again(server: EmbeddedPostgres) -> None:
    seen: list[int] = []
    assert not await ensure_loaded(server.dsn, Dataset.installed(), seen.append)
    assert seen == []


async def test_a_lost_row_is_noticed_and_the_data_are_loaded_anew(
    server: EmbeddedPostgres, owner: Any
) -> None:
    await owner.execute("DELETE FROM flights WHERE carrier = 'OO'")

    assert await ensure_loaded(server.dsn, Dataset.installed(), ignore)
    assert await owner.fetchval("SELECT count(*) FROM flights WHERE carrier = 'OO'") == 32


async def test_data_of_another_version_are_replaced(server: EmbeddedPostgres, owner: Any) -> None:
    await owner.execute("COMMENT ON DATABASE nycflights13 IS 'Prismiq demo data, version 0'")

    assert await ensure_loaded(server.dsn, Dataset.installed(), ignore)


async def test_the_rows_are_those_of_the_package(owner: Any) -> None:
    for file in TABLE_FILES:
        assert await owner.fetchval(f"SELECT count(*) FROM {file.table}") == file.rows
    carriers = await owner.fetch(
        "SELECT carrier, count(*) FROM flights GROUP BY carrier ORDER BY 2 DESC"
    )
    assert len(carriers) == 16
    assert tuple(carriers[0]) == ("UA", 58_665)
    assert tuple(carriers[-1]) == ("OO", 32)
    cancelled = await owner.fetchval("SELECT count(*) FROM flights WHERE dep_time IS NULL")
    assert cancelled == 8_255


async def test_the_columns_have_their_proper_types(owner: Any) -> None:
    types = await owner.fetch(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = 'flights' AND data_type <> 'integer'"
    )
    assert {tuple(row) for row in types} == {
        ("carrier", "text"),
        ("tailnum", "text"),
        ("origin", "text"),
        ("dest", "text"),
        ("time_hour", "timestamp with time zone"),
    }


async def test_the_keys_that_hold_are_declared(owner: Any) -> None:
    keys = await owner.fetch(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype IN ('p', 'f') AND connamespace = 'public'::regnamespace"
    )
    assert {tuple(row) for row in keys} == {
        ("airlines", "PRIMARY KEY (carrier)"),
        ("airports", "PRIMARY KEY (faa)"),
        ("planes", "PRIMARY KEY (tailnum)"),
        ("weather", "PRIMARY KEY (origin, time_hour)"),
        ("flights", "PRIMARY KEY (time_hour, carrier, flight)"),
        ("weather", "FOREIGN KEY (origin) REFERENCES airports(faa)"),
        ("flights", "FOREIGN KEY (origin) REFERENCES airports(faa)"),
        ("flights", "FOREIGN KEY (carrier) REFERENCES airlines(carrier)"),
    }


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM flights",
        "CREATE TABLE public.own (x integer)",
        "CREATE TEMPORARY TABLE own (x integer)",
        "CREATE SCHEMA own",
        "COPY flights TO PROGRAM 'true'",
    ],
)
async def test_the_reader_cannot_write_even_when_it_lifts_its_read_only_default(
    server: EmbeddedPostgres, statement: str
) -> None:
    reader = await asyncpg.connect(reader_dsn(server.dsn))
    assert await reader.fetchval("SHOW default_transaction_read_only") == "on"
    await reader.execute("SET default_transaction_read_only = off")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.execute(statement)
    await reader.close()


def test_a_missing_package_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_module, "_PACKAGE", UNKNOWN_MODULE)
    with pytest.raises(ConfigurationError, match=r"pip install 'prismiq\[demo\]'"):
        Dataset.installed()


async def test_a_session_that_dies_amid_the_load_is_noticed(server_dir: Path) -> None:
    """With a full disk it does, for instance, while rows wait to be written."""
    with EmbeddedPostgres(server_dir / "data", settings={"fsync": "off"}) as server:
        loading = asyncio.create_task(ensure_loaded(server.dsn, Dataset.installed(), ignore))
        observer = await asyncpg.connect(server.dsn)
        while (session := await observer.fetchval(_LOADING_FLIGHTS)) is None:
            assert not loading.done()
        os.kill(session, signal.SIGKILL)
        done, _ = await asyncio.wait({loading}, timeout=20)
        assert done
        assert isinstance(loading.exception(), DatabaseUnavailableError)
        observer.terminate()
