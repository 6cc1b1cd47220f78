"""Both feeds pass the contract, and each keeps what it promises on its own."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.contracts.change_feed import (
    NAMED,
    TABLES,
    ChangeFeedContract,
    HeardChanges,
    Write,
)

from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.adapters.postgres import notify_feed
from prismiq.adapters.postgres.change_triggers import PostgresChangeTriggers
from prismiq.adapters.postgres.notify_feed import PostgresNotifyFeed
from prismiq.adapters.postgres.polling_feed import PostgresPollingFeed
from prismiq.adapters.system.clock import SystemClock
from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError
from prismiq.ports.change_feed import ChangeFeed

FLIGHTS = ("public", "flights")
DsnFor = Callable[..., str]


@pytest.fixture
async def write(connection: Any) -> Write:
    """Commit a statement, and have the server count it at once."""
    return writer(connection)


def writer(connection: Any) -> Write:
    async def run(statement: str) -> None:
        await connection.execute(statement)
        await connection.execute("SELECT pg_stat_force_next_flush()")

    return run


@pytest.fixture
async def reader(database: str, connection: Any, dsn_for: DsnFor) -> str:
    """A role that may read nothing at all, on a database with the contract's tables."""
    await connection.execute(TABLES)
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute(
        "DO $$ BEGIN CREATE ROLE nobody_much LOGIN;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    return dsn_for(database, "nobody_much")


class TestPostgresNotifyFeed(ChangeFeedContract):
    @pytest.fixture
    async def feed(self, database: str, reader: str) -> ChangeFeed:
        await PostgresChangeTriggers(database).install(NAMED)
        return PostgresNotifyFeed(reader, heartbeat=0.1)


class TestPostgresPollingFeed(ChangeFeedContract):
    @pytest.fixture
    def feed(self, reader: str) -> ChangeFeed:
        return polling(reader)


def polling(dsn: str) -> PostgresPollingFeed:
    return PostgresPollingFeed(dsn, SystemClock(), interval=0.05)


async def test_notify_tells_a_change_only_when_it_is_committed(
    database: str, reader: str, connection: Any
) -> None:
    await PostgresChangeTriggers(database).install(NAMED)
    async with HeardChanges.on(PostgresNotifyFeed(reader)) as heard:
        async with connection.transaction():
            for number in range(100):
                await connection.execute("UPDATE public.flights SET delay = $1", number)
            other = await asyncpg.connect(database)
            await other.execute("INSERT INTO public.legs VALUES (1)")
            await other.close()
            assert await heard.next(("public", "legs")) == {("public", "legs")}
        assert await heard.next(FLIGHTS) == {FLIGHTS}
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("UPDATE public.flights SET delay = 0")
        await transaction.rollback()
        await connection.execute("INSERT INTO public.legs VALUES (2)")
        assert await heard.next(("public", "legs")) == {("public", "legs")}


async def test_notify_hears_sessions_that_suppress_ordinary_triggers(
    database: str, reader: str, connection: Any
) -> None:
    await PostgresChangeTriggers(database).install(NAMED)
    async with HeardChanges.on(PostgresNotifyFeed(reader)) as heard:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("UPDATE public.flights SET delay = 1")
        await heard.next(FLIGHTS)


@pytest.mark.parametrize("payload", ["", "nonsense", "[]", '["public"]', "[1, 2]", "{}", "null"])
async def test_notify_takes_what_it_cannot_read_for_a_gap(
    reader: str, connection: Any, payload: str
) -> None:
    async with HeardChanges.on(PostgresNotifyFeed(reader)) as heard:
        await connection.execute("SELECT pg_notify('prismiq_changes', $1)", payload)
        await heard.gap()
    assert heard.tables == set()


async def test_notify_starts_again_when_its_session_no_longer_listens(
    reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that has given the server's session to somebody else."""
    async with HeardChanges.on(PostgresNotifyFeed(reader, heartbeat=0.05)) as heard:
        with monkeypatch.context() as patched:
            patched.setattr(notify_feed, "_IS_LISTENING", "SELECT false")
            await heard.until(lambda: heard.connections.count(False) > 0)
        await heard.gap()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("REFRESH MATERIALIZED VIEW public.sums", ("public", "sums")),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY public.sums", ("public", "sums")),
        ("ALTER TABLE public.flights ALTER delay TYPE text USING 'x'", FLIGHTS),
        ("ALTER TABLE public.days DETACH PARTITION public.days_1", ("public", "days")),
        ("DROP TABLE public.days_1_a", ("public", "days")),
        ("CREATE TABLE public.more (id integer)", ("public", "more")),
        ("DROP TABLE public.pilots", ("public", "pilots")),
        ("ALTER TABLE public.legs RENAME TO routes", ("public", "legs")),
    ],
)
async def test_polling_tells_what_triggers_cannot(
    reader: str, write: Write, statement: str, table: tuple[str, str]
) -> None:
    await write("CREATE MATERIALIZED VIEW public.sums AS SELECT flight FROM public.legs")
    await write("CREATE UNIQUE INDEX ON public.sums (flight)")
    await write("INSERT INTO public.legs VALUES (2)")
    async with HeardChanges.on(polling(reader)) as heard:
        await write(statement)
        await heard.next(table)


async def test_polling_tells_after_an_outage_what_changed_meanwhile(
    reader: str, write: Write, connection: Any
) -> None:
    async with HeardChanges.on(polling(reader)) as heard:
        await connection.execute("ALTER ROLE nobody_much NOLOGIN")
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'prismiq changes'"
            )
            await heard.until(lambda: False in heard.connections)
            await write("UPDATE public.flights SET delay = 3")
        finally:
            await connection.execute("ALTER ROLE nobody_much LOGIN")
        assert await heard.next(FLIGHTS) == {FLIGHTS}
    assert heard.gaps == 0


@pytest.mark.parametrize(
    "reset",
    ["pg_stat_reset()", "pg_stat_reset_single_table_counters('public.flights'::regclass)"],
)
async def test_polling_cannot_compare_with_counters_that_were_reset(
    reader: str, write: Write, reset: str
) -> None:
    async with HeardChanges.on(polling(reader)) as heard:
        await write(f"SELECT {reset}")
        await heard.gap()
        await write("UPDATE public.flights SET delay = 3")
        assert FLIGHTS in await heard.next(FLIGHTS)


@pytest.fixture
def server(module_server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop, kill and freeze."""
    with EmbeddedPostgres(module_server_dir / "data", settings={"fsync": "off"}) as running:
        yield running


@asynccontextmanager
async def connected(server: EmbeddedPostgres) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(server.dsn)
    try:
        yield connection
    finally:
        connection.terminate()


async def prepare(server: EmbeddedPostgres) -> None:
    async with connected(server) as connection:
        await connection.execute("DROP TABLE IF EXISTS public.notes")
        await connection.execute("CREATE TABLE public.notes (id integer)")
    await PostgresChangeTriggers(server.dsn).install([("public", "notes")])


MAKERS = [lambda dsn: PostgresNotifyFeed(dsn, heartbeat=0.1), polling]


@pytest.mark.parametrize("make", MAKERS, ids=["notify", "poll"])
async def test_a_restart_of_the_server_is_a_gap(
    server: EmbeddedPostgres, make: Callable[[str], ChangeFeed]
) -> None:
    await prepare(server)
    async with HeardChanges.on(make(server.dsn)) as heard:
        server.stop()
        await heard.until(lambda: False in heard.connections)
        server.start()
        await heard.gap()
        async with connected(server) as connection:
            await writer(connection)("INSERT INTO public.notes VALUES (1)")
        await heard.next(("public", "notes"))


@pytest.mark.parametrize("make", MAKERS, ids=["notify", "poll"])
async def test_a_crash_of_the_server_is_a_gap_though_its_main_process_lives_on(
    server: EmbeddedPostgres, make: Callable[[str], ChangeFeed]
) -> None:
    await prepare(server)
    async with HeardChanges.on(make(server.dsn)) as heard:
        async with connected(server) as connection:
            started = await connection.fetchval("SELECT pg_postmaster_start_time()")
            os.kill(connection.get_server_pid(), signal.SIGKILL)
        await heard.gap()
        async with connected(server) as connection:
            assert await connection.fetchval("SELECT pg_postmaster_start_time()") == started
            await writer(connection)("INSERT INTO public.notes VALUES (1)")
        await heard.next(("public", "notes"))


@pytest.mark.parametrize("make", MAKERS, ids=["notify", "poll"])
async def test_a_session_that_is_silent_is_given_up(
    server: EmbeddedPostgres,
    make: Callable[[str], ChangeFeed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its process on the server is stopped where it stands, so no packet says that it is lost."""
    for module in ("notify_feed", "polling_feed"):
        monkeypatch.setattr(f"prismiq.adapters.postgres.{module}.PATIENCE", 0.5)
    await prepare(server)
    async with HeardChanges.on(make(server.dsn)) as heard, connected(server) as connection:
        process = await connection.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'prismiq changes'"
        )
        os.kill(process, signal.SIGSTOP)
        try:
            await heard.until(lambda: heard.connections == [True, False, True])
            heard.tables.clear()
            await writer(connection)("INSERT INTO public.notes VALUES (1)")
            await heard.next(("public", "notes"))
        finally:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


@pytest.mark.parametrize("make", MAKERS, ids=["notify", "poll"])
async def test_a_server_that_is_down_at_the_start_is_found_later(
    server: EmbeddedPostgres, make: Callable[[str], ChangeFeed]
) -> None:
    await prepare(server)
    server.stop()
    heard = HeardChanges()
    feed = make(server.dsn)
    with pytest.raises(DatabaseUnavailableError):
        await feed.require_possible()
    async with feed.listen(heard._on_tables, heard._on_gap, heard._on_connection):
        await heard.until(lambda: len(heard.connections) > 1)
        assert True not in heard.connections
        server.start()
        await heard.gap()
        assert heard.connections[-1]


@pytest.mark.parametrize("make", MAKERS, ids=["notify", "poll"])
async def test_a_standby_is_refused(
    server: EmbeddedPostgres, make: Callable[[str], ChangeFeed]
) -> None:
    """A server that waits for more to replay behaves as a standby."""
    mark = server._cluster / "standby.signal"
    server.stop()
    mark.touch()
    try:
        server.start()
        with pytest.raises(ConfigurationError, match="primary"):
            await make(server.dsn).require_possible()
    finally:
        server.stop()
        mark.unlink()
