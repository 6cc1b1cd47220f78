"""Kept answers, seen from outside: whose they are, how old they are, and when they are over."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request

from prismiq import InMemoryCache, PrismiqEngine, QueryDefinition, Scope, create_router
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.adapters.redis.cache import RedisCache

TOKEN = "of-the-operators"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
BALANCES = {
    "tables": [{"id": "a", "name": "accounts"}],
    "columns": [{"table_id": "a", "column": "owner"}, {"table_id": "a", "column": "balance"}],
    "order_by": [{"table_id": "a", "column": "owner"}],
}
ROWS = {"acme": [["ann", 1], ["bob", 2]], "globex": [["cat", 30], ["dan", 40]]}


def scope_of(request: Request) -> Scope:
    return Scope(tenant=request.headers["x-tenant"])


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield InMemoryCache()
        return
    shared = RedisCache(request.getfixturevalue("redis_url"), prefix=f"{secrets.token_hex(4)}:")
    await shared.connect()
    yield shared
    await shared.disconnect()


@pytest.fixture
async def client(reader_dsn: str, cache: Any, connect: Any) -> AsyncIterator[httpx.AsyncClient]:
    engine = PrismiqEngine(reader_dsn, ["accounts", "flights"], cache=cache, pool_max_size=4)
    app = FastAPI()
    router = create_router(engine, scope=scope_of, admin_token=TOKEN)
    app.include_router(router, prefix="/api")
    async with engine:
        yield await connect(app)


async def ask(client: httpx.AsyncClient, tenant: str, **wishes: Any) -> httpx.Response:
    body = {"query": BALANCES, **wishes}
    return await client.post("/query/execute", json=body, headers={"X-Tenant": tenant})


async def test_no_tenant_is_ever_answered_with_rows_of_another(client: httpx.AsyncClient) -> None:
    for expected in ("MISS", "HIT", "HIT"):
        for tenant, rows in ROWS.items():
            answer = await ask(client, tenant)
            assert (answer.headers["x-cache"], answer.json()["rows"]) == (expected, rows)
    for tenant, rows in ROWS.items():
        bypassed = await ask(client, tenant, bypass_cache=True)
        assert (bypassed.headers["x-cache"], bypassed.json()["rows"]) == ("BYPASS", rows)
        assert (await ask(client, tenant)).json()["rows"] == rows
    for path in ("/query/preview", "/query/preview?limit=1"):
        for _ in range(2):
            for tenant, rows in ROWS.items():
                answer = await client.post(path, json=BALANCES, headers={"X-Tenant": tenant})
                shown = rows[:1] if "limit" in path else rows
                assert answer.json()["rows"] == shown
    keys = set()
    for tenant, rows in ROWS.items():
        headers = {"X-Tenant": tenant, **OPERATOR}
        explained = await client.post("/query/cache/explain", json=BALANCES, headers=headers)
        assert explained.json()["state"] == "fresh"
        keys.add(explained.json()["key"])
        sample = await client.get("/tables/accounts/columns/owner/sample", headers=headers)
        assert sample.json()["values"] == [owner for owner, _ in rows]
    assert len(keys) == len(ROWS)


async def test_tenants_who_ask_at_once_share_no_flight(client: httpx.AsyncClient) -> None:
    tenants = ["acme", "globex"] * 40
    answers = await asyncio.gather(*(ask(client, tenant) for tenant in tenants))
    assert [answer.json()["rows"] for answer in answers] == [ROWS[tenant] for tenant in tenants]


async def test_an_invalidation_by_operators_reaches_every_tenant(
    client: httpx.AsyncClient,
) -> None:
    for tenant in ROWS:
        await ask(client, tenant)
    headers = {"X-Tenant": "acme", **OPERATOR}
    none = await client.post("/cache/invalidate", json={"table": "flights"}, headers=headers)
    assert none.json() == {"invalidated": 0}
    both = await client.post("/cache/invalidate", json={"table": "accounts"}, headers=headers)
    assert both.json() == {"invalidated": 2}
    for tenant in ROWS:
        assert (await ask(client, tenant)).headers["x-cache"] == "MISS"
    everything = await client.post("/cache/invalidate", json={"table": None}, headers=headers)
    assert everything.json() == {"invalidated": 2}
    stats = (await client.get("/cache/stats", headers=headers)).json()
    assert (stats["misses"], stats["hits"], stats["invalidations"]) == (4, 0, 3)


async def test_only_operators_look_into_the_cache(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        for response in (
            await client.post("/cache/invalidate", json={}, headers=headers),
            await client.get("/cache/stats", headers=headers),
            await client.post("/query/cache/explain", json=BALANCES, headers=headers),
        ):
            assert response.status_code == 401
    wrong = await client.post("/cache/invalidate", json={"tabel": "x"}, headers=OPERATOR)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


async def test_a_second_engine_on_the_same_redis_hears_of_an_invalidation(
    reader_dsn: str, redis_url: str
) -> None:
    prefix = f"{secrets.token_hex(4)}:"
    caches = [RedisCache(redis_url, prefix=prefix) for _ in range(2)]
    first, second = (PrismiqEngine(reader_dsn, ["airlines"], cache=cache) for cache in caches)
    query = {
        "tables": [{"id": "a", "name": "airlines"}],
        "columns": [{"table_id": "a", "column": "carrier"}],
    }
    async with first, second:
        for engine in (first, second, second):
            await engine.execute_json(_query(query))
        assert second.query_cache is not None
        assert (second.query_cache.stats().shared_hits, second.query_cache.stats().misses) == (1, 0)
        await first.invalidate_cache("airlines")
        async with asyncio.timeout(10):
            # The message comes over Redis.
            while (await second.query_cache.explain(_query(query))).state == "fresh":  # noqa: ASYNC110
                await asyncio.sleep(0)
    for cache in caches:
        await cache.disconnect()


async def test_an_engine_that_exposes_less_never_answers_from_what_another_kept(
    reader_dsn: str, redis_url: str
) -> None:
    prefix = f"{secrets.token_hex(4)}:"
    wide = PrismiqEngine(reader_dsn, cache=RedisCache(redis_url, prefix=prefix))
    narrow = PrismiqEngine(reader_dsn, ["airlines"], cache=RedisCache(redis_url, prefix=prefix))
    query = _query(
        {
            "tables": [{"id": "a", "name": "payroll"}],
            "columns": [{"table_id": "a", "column": "salary"}],
        }
    )
    async with wide, narrow:
        await wide.execute_query(query)
        assert not narrow.validate_query(query).valid
        with pytest.raises(Exception, match="There is no table"):
            await narrow.execute_query(query)
    for engine in (wide, narrow):
        assert isinstance(engine.cache, RedisCache)
        await engine.cache.disconnect()


THINGS: dict[str, Any] = {
    "tables": [{"id": "t", "name": "things"}],
    "columns": [{"table_id": "t", "column": "*", "aggregation": "count", "alias": "n"}],
}
OTHERS = {**THINGS, "tables": [{"id": "t", "name": "others"}]}


async def test_kept_answers_stand_in_for_a_database_that_is_down(
    server_dir: Path, connect: Any
) -> None:
    with EmbeddedPostgres(server_dir / "data") as database:
        setup: Any = await asyncpg.connect(database.dsn)
        await setup.execute("CREATE TABLE things AS SELECT 1; CREATE TABLE others AS SELECT 1")
        await setup.close()
        # Two milliseconds: every answer is over when it is asked for again.
        engine = PrismiqEngine(database.dsn, cache=InMemoryCache(), cache_ttl=0.002)
        app = FastAPI()
        app.include_router(create_router(engine), prefix="/api")
        client: httpx.AsyncClient = await connect(app)
        async with engine:
            for query in (THINGS, OTHERS):
                assert (await client.post("/query/execute", json=query)).json()["rows"] == [[1]]
            await asyncio.to_thread(database.stop)
            await engine.invalidate_cache("others")
            for _ in range(3):
                stale = await client.post("/query/execute", json=THINGS)
                assert (stale.status_code, stale.headers["x-cache"]) == (200, "STALE")
                assert (stale.json()["rows"], stale.json()["is_from_cache"]) == ([[1]], True)
                for query in (OTHERS, {**THINGS, "limit": 7}):  # invalidated, and never asked
                    cold = await client.post("/query/execute", json=query)
                    code = cold.json()["code"]
                    assert (cold.status_code, code) == (503, "database_unavailable")
                    assert cold.headers["retry-after"] == "5"
            await asyncio.to_thread(database.start)
            for query in (THINGS, OTHERS):
                again = await client.post("/query/execute", json=query)
                assert (again.headers["x-cache"], again.json()["rows"]) == ("MISS", [[1]])


def _query(document: dict[str, Any]) -> QueryDefinition:
    return QueryDefinition.model_validate(document)
