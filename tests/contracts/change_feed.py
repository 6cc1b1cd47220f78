"""What every adapter of ``ChangeFeed`` must do on a real PostgreSQL, told once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest

from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.dependency_source import TableName

Write: TypeAlias = Callable[[str], Awaitable[None]]

TABLES = """
CREATE SCHEMA "Odd.schema";
CREATE TABLE public.flights (id integer PRIMARY KEY, delay integer);
CREATE TABLE public.legs (flight integer REFERENCES public.flights ON DELETE CASCADE);
CREATE TABLE "Odd.schema"."ta""ble '1'" (id integer);
CREATE TABLE public.days (day integer) PARTITION BY RANGE (day);
CREATE TABLE public.days_1 PARTITION OF public.days FOR VALUES FROM (0) TO (10)
    PARTITION BY RANGE (day);
CREATE TABLE public.days_1_a PARTITION OF public.days_1 FOR VALUES FROM (0) TO (5);
CREATE TABLE public.days_1_b PARTITION OF public.days_1 FOR VALUES FROM (5) TO (10);
CREATE TABLE public.people (name text);
CREATE TABLE public.pilots (hours integer) INHERITS (public.people);
INSERT INTO public.flights VALUES (1, 0), (2, 0), (3, 0);
INSERT INTO public.legs VALUES (3);
INSERT INTO public.days VALUES (1), (2);
INSERT INTO public.pilots VALUES ('Ada', 100);
"""
NAMED = {
    ("public", "flights"),
    ("public", "legs"),
    ("Odd.schema", "ta\"ble '1'"),
    ("public", "days"),
    ("public", "people"),
}
"""What the tables are called; partitions and heirs go with them."""


class HeardChanges:
    """A listener that remembers what it was told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.tables: set[TableName] = set()
        self.gaps = 0
        self.connections: list[bool] = []
        self._news = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def on(cls, feed: ChangeFeed) -> "AsyncIterator[HeardChanges]":
        """Listen, and go on when the connection stands."""
        heard = cls()
        async with feed.listen(heard._on_tables, heard._on_gap, heard._on_connection):
            await heard.gap()
            yield heard

    async def next(self, *tables: TableName) -> set[TableName]:
        """Wait until all of the tables were told; return what was, and forget it."""
        await self.until(lambda: self.tables.issuperset(tables))
        told, self.tables = self.tables, set()
        return told

    async def gap(self) -> None:
        await self.until(lambda: self.gaps > 0)
        self.gaps = 0

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def _on_tables(self, tables: frozenset[TableName]) -> None:
        self.tables |= tables
        self._news.set()

    def _on_gap(self) -> None:
        self.gaps += 1
        self._news.set()

    def _on_connection(self, connected: bool) -> None:
        self.connections.append(connected)
        self._news.set()


class ChangeFeedContract:
    """Subclasses give ``feed``, on a database with TABLES, and ``write``, which runs and commits.

    Whatever it takes that the feed hears of the tables in NAMED is in place.
    """

    @pytest.mark.parametrize(
        ("statement", "changed"),
        [
            ("INSERT INTO public.flights VALUES (4, 1)", ("public", "flights")),
            ("UPDATE public.flights SET delay = 9 WHERE id = 1", ("public", "flights")),
            ("DELETE FROM public.flights WHERE id = 1", ("public", "flights")),
            (
                "WITH gone AS (DELETE FROM public.flights RETURNING id) SELECT count(*) FROM gone",
                ("public", "flights"),
            ),
            (
                "MERGE INTO public.flights f USING (SELECT 1 AS id) s ON f.id = s.id"
                " WHEN MATCHED THEN UPDATE SET delay = 1",
                ("public", "flights"),
            ),
            (
                "INSERT INTO public.flights VALUES (1, 5)"
                " ON CONFLICT (id) DO UPDATE SET delay = EXCLUDED.delay",
                ("public", "flights"),
            ),
            ("DELETE FROM public.flights WHERE id = 3", ("public", "legs")),
            ("TRUNCATE public.legs", ("public", "legs")),
            ("INSERT INTO public.days VALUES (3)", ("public", "days")),
            ("INSERT INTO public.days_1_a VALUES (3)", ("public", "days")),
            ("DELETE FROM public.days_1", ("public", "days")),
            ("UPDATE public.days SET day = 7 WHERE day = 1", ("public", "days")),
            ("TRUNCATE public.days_1_a", ("public", "days")),
            ("INSERT INTO public.pilots VALUES ('Bob', 1)", ("public", "pilots")),
            ("UPDATE public.people SET name = 'Eve'", ("public", "pilots")),
            ("DELETE FROM public.people", ("public", "pilots")),
            (
                'INSERT INTO "Odd.schema"."ta""ble \'1\'" VALUES (1)',
                ("Odd.schema", "ta\"ble '1'"),
            ),
        ],
    )
    async def test_a_change_is_told(
        self, feed: ChangeFeed, write: Write, statement: str, changed: TableName
    ) -> None:
        async with HeardChanges.on(feed) as heard:
            await write(statement)
            told = await heard.next(changed)
        assert ("public", "days_1_a") not in told  # partitions are told as their root
        assert heard.gaps == 0

    async def test_only_what_has_changed_is_told(self, feed: ChangeFeed, write: Write) -> None:
        flights, legs = ("public", "flights"), ("public", "legs")
        async with HeardChanges.on(feed) as heard:
            await write("INSERT INTO public.legs VALUES (1)")
            assert await heard.next(legs) == {legs}
            await write("UPDATE public.flights SET delay = 2")
            assert await heard.next(flights) == {flights}

    async def test_every_listener_is_told(self, feed: ChangeFeed, write: Write) -> None:
        flights = ("public", "flights")
        async with HeardChanges.on(feed) as one, HeardChanges.on(feed) as two:
            await write("UPDATE public.flights SET delay = 2")
            assert await one.next(flights) == await two.next(flights) == {flights}

    async def test_who_has_left_is_told_nothing(self, feed: ChangeFeed, write: Write) -> None:
        flights = ("public", "flights")
        async with HeardChanges.on(feed) as stays:
            async with HeardChanges.on(feed) as leaves:
                assert leaves.connections == [True]
            await write("UPDATE public.flights SET delay = 2")
            await stays.next(flights)
            assert leaves.tables == set()

    async def test_a_primary_server_can_tell_its_changes(self, feed: ChangeFeed) -> None:
        await feed.require_possible()

    async def test_a_lost_connection_is_made_again_and_nothing_is_missed(
        self, feed: ChangeFeed, write: Write
    ) -> None:
        flights = ("public", "flights")
        async with HeardChanges.on(feed) as heard:
            await write(
                "WITH ended AS (SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'prismiq changes')"
                "UPDATE public.flights SET delay = (SELECT count(*) FROM ended)"
            )
            await heard.until(lambda: heard.gaps > 0 or flights in heard.tables)
            await heard.until(lambda: heard.connections == [True, False, True])
            heard.tables.clear()
            await write("UPDATE public.flights SET delay = 3")
            await heard.next(flights)
