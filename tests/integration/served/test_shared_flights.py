"""Clients who ask the same at once share one statement, and any of them may leave."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from tests.integration.served.conftest import EXECUTE, Client, Server, select, start_server

QUERY = select("things", "id")
ROWS = [[1], [2]]
_WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'prismiq' AND wait_event_type = 'Lock'
"""
_STATEMENTS = """
SELECT coalesce(sum(calls), 0)
FROM pg_stat_statements AS s
JOIN pg_database AS d ON d.oid = s.dbid
WHERE d.datname = current_database()
  AND query LIKE '%json_build_array%"things"%' AND query NOT LIKE '%pg_stat_statements%'
"""


@pytest.fixture(scope="module")
async def servers(
    module_database: str,
    module_connection: Any,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[list[Server]]:
    """Two processes that keep their answers in one Redis."""
    await module_connection.execute(
        "CREATE EXTENSION pg_stat_statements;"
        "CREATE TABLE things AS SELECT generate_series(1, 2) AS id"
    )
    async with AsyncExitStack() as stack:
        yield [
            await start_server(
                stack,
                tmp_path_factory.mktemp("server"),
                module_database,
                patient=True,
                PRISMIQ_REDIS_URL=redis_url,
            )
            for _ in range(2)
        ]


class Visitor:
    """One client with a connection of its own, who asks once and may not wait for the answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def asking(cls, server: Server) -> "Visitor":
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = json.dumps(QUERY).encode()
        head = (
            f"POST {EXECUTE} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        return cls(reader, writer)

    def leave(self) -> None:
        self._writer.transport.abort()

    async def answer(self) -> tuple[int, str, Any]:
        """Return the status, where the answer came from, and its rows."""
        head, _, content = (await self._reader.read()).partition(b"\r\n\r\n")
        self._writer.close()
        status, *fields = head.decode().split("\r\n")
        [outcome] = [field[9:] for field in fields if field.lower().startswith("x-cache: ")]
        return int(status.split()[1]), outcome, json.loads(content)["rows"]


@dataclass(frozen=True)
class Held:
    """The table, which a transaction of the test has locked, and who waits for it."""

    locker: Any
    observer: Any

    async def waits(self, sessions: int) -> set[int]:
        """Go on when so many sessions wait for the table; return their numbers."""
        async with asyncio.timeout(20):
            while len(found := await self._waiting()) != sessions:
                pass
        return found

    async def passes_from(self, sessions: set[int]) -> None:
        """Go on when one other session waits for the table, and none of these."""
        async with asyncio.timeout(20):
            while len(found := await self._waiting()) != 1 or found & sessions:
                pass

    async def _waiting(self) -> set[int]:
        return {pid for [pid] in await self.observer.fetch(_WAITING)}

    async def release(self) -> None:
        await self.locker.execute("ROLLBACK")

    async def statements(self) -> int:
        """Return how many statements over the table have been answered since it was locked."""
        found: int = await self.observer.fetchval(_STATEMENTS)
        return found


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@pytest.fixture
async def held(
    servers: list[Server], module_database: str, module_connection: Any
) -> AsyncIterator[Held]:
    """Nothing is kept, and whoever reads the table has to wait until it is released."""
    await servers[0].invalidate("things")
    await module_connection.execute("SELECT pg_stat_statements_reset()")
    async with _connected(module_database) as locker:
        await locker.execute("BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        yield Held(locker, module_connection)


async def waiting(client: Client, number: int) -> None:
    """Go on when so many callers wait for answers that are being computed."""
    async with asyncio.timeout(20):
        while (await client.stats())["waiting"] != number:
            pass


@pytest.mark.parametrize("who_leaves", ["who asked first", "who joined"])
async def test_a_client_who_leaves_takes_no_other_along(
    servers: list[Server], held: Held, who_leaves: str
) -> None:
    server = servers[0]
    first = await Visitor.asking(server)
    sessions = await held.waits(1)
    second = await Visitor.asking(server)
    await waiting(server, 2)
    leaving, staying = (first, second) if who_leaves == "who asked first" else (second, first)
    leaving.leave()
    await waiting(server, 1)
    assert await held.waits(1) == sessions
    await held.release()
    assert await staying.answer() == (200, "MISS", ROWS)
    assert await held.statements() == 1
    assert await server.outcome(QUERY) == ("HIT", ROWS)


async def test_many_who_ask_at_once_and_leave_in_part_need_one_statement(
    servers: list[Server], held: Held
) -> None:
    server = servers[0]
    visitors = [await Visitor.asking(server) for _ in range(40)]
    await held.waits(1)
    await waiting(server, 40)
    for visitor in visitors[::2]:
        visitor.leave()
    await waiting(server, 20)
    await held.release()
    answers = [await visitor.answer() for visitor in visitors[1::2]]
    assert answers == [(200, "MISS", ROWS)] * 20
    assert await held.statements() == 1


async def test_when_the_last_one_leaves_the_statement_ends_and_the_next_one_asks_anew(
    servers: list[Server], held: Held
) -> None:
    server = servers[0]
    visitors = [await Visitor.asking(server) for _ in range(2)]
    await held.waits(1)
    await waiting(server, 2)
    for visitor in visitors:
        visitor.leave()
    await held.waits(0)  # although the table is still locked
    await waiting(server, 0)
    assert await held.statements() == 0

    late = await Visitor.asking(server)
    await held.waits(1)
    await held.release()
    assert await late.answer() == (200, "MISS", ROWS)
    assert await held.statements() == 1


async def test_processes_share_a_statement_and_another_one_takes_over_from_who_leaves(
    servers: list[Server], held: Held
) -> None:
    first, second = servers
    leaving = await Visitor.asking(first)
    sessions = await held.waits(1)
    staying = [await Visitor.asking(second) for _ in range(3)]
    await waiting(second, 3)
    assert await held.waits(1) == sessions  # nobody in the other process has a statement of his own
    leaving.leave()
    await held.passes_from(sessions)
    await held.release()
    assert [await visitor.answer() for visitor in staying] == [(200, "MISS", ROWS)] * 3
    assert await held.statements() == 1
    assert (await first.outcome(QUERY))[1] == ROWS
    assert await held.statements() == 1
