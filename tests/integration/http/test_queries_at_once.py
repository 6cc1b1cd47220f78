"""A client has so many queries at the database at once, and only its own queries count for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from prismiq import (
    CurrentClientMiddleware,
    PrismiqEngine,
    Settings,
    create_app,
    create_router,
)

LOCK = 4_711
VIEW = f"""
CREATE VIEW waits AS
SELECT carrier, pg_advisory_xact_lock_shared({LOCK})::text AS held FROM airlines;
GRANT SELECT ON waits TO http_reader;
"""
BUSY = "198.51.100.1"
OTHERS = [f"203.0.113.{number}" for number in range(1, 21)]
ROWS = [["AA"], ["B6"], ["UA"]]

Visitor: TypeAlias = Callable[..., httpx.AsyncClient]


def carriers(table: str, *columns: str) -> dict[str, Any]:
    chosen = ["carrier", *columns]
    return {
        "tables": [{"id": "t", "name": table}],
        "columns": [{"table_id": "t", "column": column} for column in chosen],
        "order_by": [{"table_id": "t", "column": "carrier"}],
    }


SLOW, QUICK = carriers("waits", "held"), carriers("airlines")


@pytest.fixture(scope="module")
async def database_with_a_slow_view(reader_dsn: str, module_connection: Any) -> str:
    await module_connection.execute(VIEW)
    return reader_dsn


@pytest.fixture
async def lock(module_connection: Any) -> AsyncIterator[Any]:
    """While it is held, queries of the slow view wait for it in PostgreSQL."""
    await module_connection.execute(f"SELECT pg_advisory_lock({LOCK})")
    yield module_connection
    await module_connection.execute("SELECT pg_advisory_unlock_all()")


async def wait_until_one_waits(lock: Any) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(20):
        while await lock.fetchval(waiting) != 1:
            pass


@pytest.fixture(params=["alone", "two processes"])
async def visitor(
    request: pytest.FixtureRequest, database_with_a_slow_view: str, start_redis: Any
) -> AsyncIterator[Visitor]:
    """Open a client with an address: ``visitor("203.0.113.7", process=1)``."""
    is_shared = request.param == "two processes"
    settings = Settings(
        database_url=database_with_a_slow_view,
        redis_url=start_redis().url if is_shared else None,
        queries_per_client=1,
        pool_max_size=4,
    )
    async with AsyncExitStack() as running:
        apps = [create_app(settings) for _ in range(2 if is_shared else 1)]
        for app in apps:
            await running.enter_async_context(app.router.lifespan_context(app))

        def open_client(address: str, process: int = 0) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(apps[process % len(apps)], client=(address, 1))
            client = httpx.AsyncClient(transport=transport, base_url="http://test/api", timeout=60)
            running.push_async_callback(client.aclose)
            return client

        yield open_client


async def execute(client: httpx.AsyncClient, query: dict[str, Any]) -> httpx.Response:
    return await client.post("/query/execute", json=query)


async def test_who_joins_the_query_of_a_client_that_is_refused_is_answered(
    visitor: Visitor, lock: Any
) -> None:
    busy = visitor(BUSY)
    slow = asyncio.create_task(execute(busy, SLOW))
    await wait_until_one_waits(lock)
    others = [visitor(address, number) for number, address in enumerate(OTHERS)]
    refusals: list[httpx.Response] = []
    queries = ({**QUICK, "limit": limit} for limit in range(3, 103))
    while len(refusals) < 3:  # in the other process somebody may have been quicker
        query = next(queries)
        first, *answers = await asyncio.gather(
            *(execute(client, query) for client in [busy, *others])
        )
        assert [answer.status_code for answer in answers] == [200] * len(OTHERS)
        assert all(answer.json()["rows"] == ROWS for answer in answers)
        refusals += [first] if first.status_code == 429 else []
        kept = await execute(busy, query)  # what is kept needs no place
        assert (kept.status_code, kept.headers["x-cache"]) == (200, "HIT")
    assert {refusal.json()["code"] for refusal in refusals} == {"too_many_queries"}
    assert {refusal.headers["retry-after"] for refusal in refusals} == {"1"}
    await lock.execute(f"SELECT pg_advisory_unlock({LOCK})")
    assert (await slow).status_code == 200


async def test_a_client_is_refused_wherever_it_would_need_another_place(
    visitor: Visitor, lock: Any
) -> None:
    busy = visitor(BUSY)
    slow = asyncio.create_task(execute(busy, SLOW))
    await wait_until_one_waits(lock)
    for client in (busy, visitor(BUSY, process=1)):
        for answer in (
            await client.post("/query/preview", json=QUICK),
            await client.post("/query/explain", json=QUICK),
            await client.post("/query/execute", json={"query": QUICK, "bypass_cache": True}),
            await client.get("/tables/airlines/columns/carrier/sample"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_queries")
        assert (await client.get("/tables")).status_code == 200
    for path in ("/query/explain", "/query/preview"):
        assert (await visitor(OTHERS[0]).post(path, json=QUICK)).status_code == 200
    await lock.execute(f"SELECT pg_advisory_unlock({LOCK})")
    assert (await slow).status_code == 200
    assert (await execute(busy, carriers("flights"))).status_code == 200


async def test_a_client_who_leaves_has_its_place_back(visitor: Visitor, lock: Any) -> None:
    for number in range(1, 11):
        busy = visitor(BUSY, process=number)
        slow = asyncio.create_task(execute(busy, {**SLOW, "limit": number}))
        await wait_until_one_waits(lock)
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        async with asyncio.timeout(10):  # a lease that nobody gives back ends after 15
            while (await execute(busy, {**QUICK, "limit": number})).status_code == 429:
                pass


async def test_an_application_of_ones_own_names_its_clients(
    database_with_a_slow_view: str, lock: Any
) -> None:
    engine = PrismiqEngine(database_with_a_slow_view, queries_per_client=1, pool_max_size=4)
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    app.add_middleware(CurrentClientMiddleware, get_client_id=lambda r: r.headers["x-user"])
    transport = httpx.ASGITransport(app)

    async def ask(user: str, query: dict[str, Any]) -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://test/api") as client:
            headers = {"X-User": user}
            answer = await client.post("/query/execute", json=query, headers=headers)
        return answer.status_code

    async with engine:
        slow = asyncio.create_task(ask("ann", SLOW))
        await wait_until_one_waits(lock)
        assert [await ask(user, QUICK) for user in ("ann", "bob", "ann")] == [429, 200, 429]
        await lock.execute(f"SELECT pg_advisory_unlock({LOCK})")
        assert await slow == 200
