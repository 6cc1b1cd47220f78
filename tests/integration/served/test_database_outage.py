"""A database that is down, seen by clients of kept answers."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.integration.served.conftest import OpenSite, Server, select, start_server
from tests.integration.served.outcomes import check_computed, check_kept, check_unavailable
from tests.unit.conftest import ManualClock

from prismiq.adapters.embedded.server import EmbeddedPostgres

THINGS = select("things", "n")
TTL = 100.0


@pytest.fixture
async def database_of_its_own(server_dir: Path) -> Any:
    """A server that a test may stop."""
    with EmbeddedPostgres(server_dir / "data") as server:
        connection: Any = await asyncpg.connect(server.dsn)
        await connection.execute(
            "CREATE TABLE things AS SELECT 1 AS n; CREATE TABLE others AS SELECT 1 AS n"
        )
        await connection.close()
        yield server


async def test_while_the_database_is_down_kept_answers_are_stale_and_others_are_not_answered(
    database_of_its_own: EmbeddedPostgres, open_site: OpenSite, clock: ManualClock, store: str
) -> None:
    database = database_of_its_own
    # The schema grows old, too, and cannot be read again.
    options: Any = {"cache_ttl": TTL, "cache_max_stale": 50.0, "schema_cache_ttl": 60.0}
    site = await open_site(database.dsn, store=store, **options)
    others, cold = select("others", "n"), {**THINGS, "limit": 7}
    await site.invalidate(None)
    for query in (THINGS, others):
        check_computed(await site.ask(query), "MISS", 1)
    computed_at = clock.now().timestamp()

    await asyncio.to_thread(database.stop)
    clock.advance(10)
    check_kept(await site.ask(THINGS), "HIT", 1, computed_at, 10)  # it needs no database
    await site.invalidate("others")
    for seconds in (TTL - 10, 49):
        clock.advance(seconds)
        age = int(clock.now().timestamp() - computed_at)
        for _ in range(2):
            check_kept(await site.ask(THINGS), "STALE", 1, computed_at, age)
            for query in (others, cold):  # invalidated, and never asked before
                check_unavailable(await site.ask(query))
        bypass = await site.ask(THINGS, **{"Cache-Control": "no-cache"})
        check_unavailable(bypass)
    clock.advance(1)
    check_unavailable(await site.ask(THINGS))

    await asyncio.to_thread(database.start)
    for query in (THINGS, others, cold):
        check_computed(await site.ask(query), "MISS", 1)
        check_kept(await site.ask(query), "HIT", 1, clock.now().timestamp(), 0)


async def test_what_another_process_has_kept_stands_in_too(
    database_of_its_own: EmbeddedPostgres, open_site: OpenSite, clock: ManualClock
) -> None:
    database = database_of_its_own
    options: Any = {"store": "redis", "cache_ttl": TTL, "cache_max_stale": 50.0}
    first, second = [await open_site(database.dsn, **options) for _ in range(2)]
    check_computed(await first.ask(THINGS), "MISS", 1)
    computed_at = clock.now().timestamp()
    await asyncio.to_thread(database.stop)
    clock.advance(TTL)
    for site in (second, first, second):
        check_kept(await site.ask(THINGS), "STALE", 1, computed_at, int(TTL))
    await second.invalidate("things")
    check_unavailable(await second.ask(THINGS))
    async with asyncio.timeout(20):  # the other one is told
        while (response := await first.ask(THINGS)).status_code == 200:
            check_kept(response, "STALE", 1, computed_at, int(TTL))
            await asyncio.sleep(0)
    check_unavailable(response)


@dataclass
class Load:
    """Callers who ask the same again and again, and some who always ask something new."""

    server: Server
    warm: Counter[str] = field(default_factory=Counter)
    cold: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    asked: int = 0

    async def ask_the_same(self) -> None:
        while True:
            response = await self.server.ask(THINGS)
            outcome = response.headers.get("x-cache", "none")
            self.warm[outcome] += 1
            if response.status_code != 200 or response.json()["rows"] != [[1]]:
                self.wrong.append(response.text)
            elif response.json()["is_from_cache"] is not (outcome in {"HIT", "STALE"}):
                self.wrong.append(f"{outcome}: {response.text}")

    async def ask_something_new(self) -> None:
        while True:
            self.asked += 1
            condition = {"table_id": "t", "column": "n", "operator": "lt", "value": self.asked + 1}
            response = await self.server.ask({**THINGS, "filters": [condition]})
            self.cold[response.status_code] += 1
            if response.status_code == 503:
                check_unavailable(response)
            elif response.status_code != 200 or response.headers["x-cache"] != "MISS":
                self.wrong.append(response.text)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                await self.server.http.get("/health/live")


async def test_under_load_no_caller_of_kept_answers_notices_that_the_database_goes_and_comes(
    database_of_its_own: EmbeddedPostgres, tmp_path: Path
) -> None:
    database = database_of_its_own
    async with AsyncExitStack() as stack:
        # All the time answers are over, and asked for again.
        server = await start_server(stack, tmp_path, database.dsn, PRISMIQ_CACHE_TTL="0.02")
        load = Load(server)
        async with asyncio.TaskGroup() as group:
            callers = [group.create_task(load.ask_the_same()) for _ in range(6)]
            callers += [group.create_task(load.ask_something_new()) for _ in range(2)]
            await load.until(lambda: load.warm["MISS"] >= 5 and load.cold[200] >= 5)
            await asyncio.to_thread(database.stop)
            await load.until(lambda: load.warm["STALE"] >= 50 and load.cold[503] >= 5)
            answered, computed = load.cold[200], load.warm["MISS"]
            await load.until(lambda: load.warm["STALE"] >= 100)
            assert (load.cold[200], load.warm["MISS"]) == (answered, computed)
            await asyncio.to_thread(database.start)
            await load.until(
                lambda: load.warm["MISS"] >= computed + 5 and load.cold[200] >= answered + 5
            )
            for caller in callers:
                caller.cancel()
    assert load.wrong == []
    assert set(load.warm) == {"HIT", "MISS", "STALE"}
    assert set(load.cold) == {200, 503}
