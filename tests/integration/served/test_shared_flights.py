"""Clients who ask the same at once share one statement, and any of them may leave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.integration.served.conftest import Client, Server, select, start_server
from tests.integration.served.held_table import HeldTable
from tests.integration.served.visitor import Visitor

QUERY = select("things", "id")
ROWS = [[1], [2]]


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
        directories = [tmp_path_factory.mktemp("server") for _ in range(2)]
        yield [await serve(stack, each, module_database, redis_url) for each in directories]


async def serve(stack: AsyncExitStack, directory: Path, dsn: str, redis_url: str) -> Server:
    return await start_server(stack, directory, dsn, patient=True, PRISMIQ_REDIS_URL=redis_url)


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
) -> AsyncIterator[HeldTable]:
    """Nothing is kept, and whoever reads the table has to wait until it is released."""
    await servers[0].invalidate("things")
    await module_connection.execute("SELECT pg_stat_statements_reset()")
    async with _connected(module_database) as locker:
        await locker.execute("BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        yield HeldTable(locker, module_connection)


async def waiting(client: Client, number: int) -> None:
    """Go on when so many callers wait for answers that are being computed."""
    async with asyncio.timeout(20):
        while (await client.stats())["waiting"] != number:
            pass


@pytest.mark.parametrize("who_leaves", ["who asked first", "who joined"])
async def test_a_client_who_leaves_takes_no_other_along(
    servers: list[Server], held: HeldTable, who_leaves: str
) -> None:
    server = servers[0]
    first = await Visitor.asking(server, QUERY)
    sessions = await held.waits(1)
    second = await Visitor.asking(server, QUERY)
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
    servers: list[Server], held: HeldTable
) -> None:
    server = servers[0]
    visitors = [await Visitor.asking(server, QUERY) for _ in range(40)]
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
    servers: list[Server], held: HeldTable
) -> None:
    server = servers[0]
    visitors = [await Visitor.asking(server, QUERY) for _ in range(2)]
    await held.waits(1)
    await waiting(server, 2)
    for visitor in visitors:
        visitor.leave()
    await held.waits(0)  # although the table is still locked
    await waiting(server, 0)
    assert await held.statements() == 0

    late = await Visitor.asking(server, QUERY)
    await held.waits(1)
    await held.release()
    assert await late.answer() == (200, "MISS", ROWS)
    assert await held.statements() == 1


async def test_processes_share_a_statement_and_another_one_takes_over_from_who_leaves(
    servers: list[Server], held: HeldTable
) -> None:
    first, second = servers
    leaving = await Visitor.asking(first, QUERY)
    sessions = await held.waits(1)
    staying = [await Visitor.asking(second, QUERY) for _ in range(3)]
    await waiting(second, 3)
    assert await held.waits(1) == sessions  # nobody in the other process has a statement of his own
    leaving.leave()
    await held.passes_from(sessions)
    await held.release()
    assert [await visitor.answer() for visitor in staying] == [(200, "MISS", ROWS)] * 3
    assert await held.statements() == 1
    assert (await first.outcome(QUERY))[1] == ROWS
    assert await held.statements() == 1


async def test_a_stampede_on_two_processes_is_one_statement(
    servers: list[Server], held: HeldTable
) -> None:
    visitors = [await Visitor.asking(server, QUERY) for _ in range(250) for server in servers]
    for server in servers:
        await waiting(server, 250)
    await held.waits(1)
    await held.release()
    answers = [await visitor.answer() for visitor in visitors]
    assert {status for status, _, _ in answers} == {200}
    assert [rows for _, _, rows in answers] == [ROWS] * 500
    # Those of the other process are told what the first one has kept.
    assert {outcome for _, outcome, _ in answers} == {"MISS", "HIT"}
    assert await held.statements() == 1


async def test_a_process_that_dies_while_it_computes_is_followed_by_another_one(
    servers: list[Server],
    held: HeldTable,
    opened: AsyncExitStack,
    module_database: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    doomed = await serve(opened, tmp_path, module_database, redis_url)
    survivor = servers[1]
    lost = await Visitor.asking(doomed, QUERY)
    [orphaned] = await held.waits(1)
    staying = [await Visitor.asking(survivor, QUERY) for _ in range(3)]
    await waiting(survivor, 3)
    assert await held.waits(1) == {orphaned}
    doomed.process.kill()
    lost.leave()
    sessions = await held.waits(2)  # PostgreSQL does not know that nobody wants the first one
    assert orphaned in sessions
    await held.release()
    assert [await visitor.answer() for visitor in staying] == [(200, "MISS", ROWS)] * 3
    assert await held.statements() <= 2


async def test_all_who_share_a_flight_are_told_when_it_fails_and_the_next_one_does_not_suffer(
    servers: list[Server], held: HeldTable
) -> None:
    server = servers[0]
    visitors = [await Visitor.asking(server, QUERY) for _ in range(5)]
    [session] = await held.waits(1)
    await waiting(server, 5)
    await held.end(session)
    problems = [await visitor.problem() for visitor in visitors]
    assert {(each["status"], each["code"]) for each in problems} == {(503, "database_unavailable")}
    assert len({each["request_id"] for each in problems}) == 5
    await held.release()
    assert await server.outcome(QUERY) == ("MISS", ROWS)
