"""Tenants under row-level security: whatever the cache does, nobody sees another one's rows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.integration.cache.conftest import OPERATOR, MovedClock, OpenClient, OpenEngine

from prismiq import PrismiqEngine, QueryDefinition, Scope
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.domain.rules import cache_key, known_keys
from prismiq.domain.services import questions

_SETUP = """
CREATE TABLE accounts (tenant text NOT NULL, owner text NOT NULL, balance integer NOT NULL);
INSERT INTO accounts VALUES ('acme', 'ann', 1), ('acme', 'bob', 2), ('globex', 'cat', 30);
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON accounts USING (tenant = current_setting('prismiq.tenant', true));
DO $$ BEGIN CREATE ROLE cache_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON accounts TO cache_reader
"""
BALANCES: dict[str, Any] = {
    "tables": [{"id": "a", "name": "accounts"}],
    "columns": [{"table_id": "a", "column": "owner"}, {"table_id": "a", "column": "balance"}],
    "order_by": [{"table_id": "a", "column": "owner"}],
}
QUERY = QueryDefinition.model_validate(BALANCES)
TENANTS = ("acme", "globex", "initech")
ROWS: dict[str, list[list[Any]]] = {
    "acme": [["ann", 1], ["bob", 2]],
    "globex": [["cat", 30]],
    "initech": [],
}
LATER = {tenant: [[owner, n + 100] for owner, n in rows] for tenant, rows in ROWS.items()}
TTL = 100.0


async def run(dsn: str, statements: str) -> None:
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def set_up(module_database: str) -> str:
    await run(module_database, _SETUP)
    return module_database


@pytest.fixture
async def reader_dsn(set_up: str, dsn_for: Any) -> AsyncIterator[str]:
    """The address for the role that policies bind; what a test changes is changed back."""
    yield dsn_for(set_up, "cache_reader")
    await run(set_up, "UPDATE accounts SET balance = balance - 100 WHERE balance > 100")


@pytest.fixture
async def engines(
    reader_dsn: str, open_engine: OpenEngine, store: str, clock: MovedClock
) -> list[PrismiqEngine]:
    """One that keeps answers in memory, or two that share a Redis."""
    number = 2 if store == "redis" else 1
    options: Any = {"store": store, "clock": clock, "cache_ttl": TTL}
    return [await open_engine(reader_dsn, ["accounts"], **options) for _ in range(number)]


@pytest.fixture
async def clients(engines: list[PrismiqEngine], open_client: OpenClient) -> list[httpx.AsyncClient]:
    return [await open_client(engine) for engine in engines]


async def answers(
    client: httpx.AsyncClient, path: str = "/query/execute", **headers: str
) -> tuple[set[str], dict[str, Any]]:
    """Ask for every tenant; return where the answers came from, and their rows."""
    responses = {
        tenant: await client.post(path, json=BALANCES, headers={"X-Tenant": tenant, **headers})
        for tenant in TENANTS
    }
    rows = {tenant: response.json()["rows"] for tenant, response in responses.items()}
    return {response.headers["x-cache"] for response in responses.values()}, rows


async def test_each_tenant_gets_his_own_from_every_tier_and_every_engine(
    clients: list[httpx.AsyncClient],
) -> None:
    first = "MISS"
    for client in clients:
        assert await answers(client) == ({first}, ROWS)
        assert await answers(client) == ({"HIT"}, ROWS)
        assert await answers(client, **{"Cache-Control": "no-cache"}) == ({"BYPASS"}, ROWS)
        assert await answers(client) == ({"HIT"}, ROWS)
        for _ in range(2):
            assert (await answers(client, "/query/preview"))[1] == ROWS
        first = "HIT"  # the other engine has left it in Redis


async def test_what_is_not_kept_is_of_ones_own_too(clients: list[httpx.AsyncClient]) -> None:
    for client in clients:
        await answers(client)
        for tenant in TENANTS:
            headers = {"X-Tenant": tenant, **OPERATOR}
            owners = [owner for owner, _ in ROWS[tenant]]
            sample = await client.get("/tables/accounts/columns/owner/sample", headers=headers)
            assert sample.json() == {"values": owners}
            others = [owner for other in ROWS.values() for owner, _ in other if owner not in owners]
            for path in ("/query/validate", "/query/sql", "/query/explain", "/query/cache/explain"):
                answer = await client.post(path, json=BALANCES, headers=headers)
                assert answer.status_code == 200
                assert not [owner for owner in others if f'"{owner}"' in answer.text]


async def test_what_is_warmed_for_one_is_kept_for_him_alone(
    engines: list[PrismiqEngine], clients: list[httpx.AsyncClient]
) -> None:
    cache = engines[0].query_cache
    assert cache is not None
    report = await cache.warm([QUERY, QUERY], scope=Scope(tenant="acme"))
    assert (report.computed, report.kept) in {(1, 1), (2, 0)}
    for client in clients[::-1]:
        outcomes = {}
        for tenant in TENANTS:
            answer = await client.post(
                "/query/execute", json=BALANCES, headers={"X-Tenant": tenant}
            )
            assert answer.json()["rows"] == ROWS[tenant]
            outcomes[tenant] = answer.headers["x-cache"]
        assert outcomes["acme"] == "HIT"
        if client is clients[-1]:
            assert outcomes["globex"] == outcomes["initech"] == "MISS"


async def test_what_is_renewed_in_the_background_is_renewed_for_each(
    engines: list[PrismiqEngine],
    clients: list[httpx.AsyncClient],
    clock: MovedClock,
    set_up: str,
) -> None:
    for client in clients:
        await answers(client)
    await run(set_up, "UPDATE accounts SET balance = balance + 100")
    clock.advance(TTL * 0.9)  # the answers are to be renewed, and not over yet
    assert await answers(clients[0]) == ({"HIT"}, ROWS)
    cache = engines[0].query_cache
    assert cache is not None
    async with asyncio.timeout(10):
        for tenant in TENANTS:
            while (await cache.explain(QUERY, scope=Scope(tenant=tenant))).state != "fresh":  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert await answers(clients[0]) == ({"HIT"}, LATER)


async def test_an_answer_that_is_over_is_computed_for_each(
    clients: list[httpx.AsyncClient], clock: MovedClock, set_up: str
) -> None:
    for client in clients:
        await answers(client)
    await run(set_up, "UPDATE accounts SET balance = balance + 100")
    clock.advance(TTL + 1)
    for client in clients:
        assert (await answers(client))[1] == LATER


async def test_each_is_given_his_own_stale_answer(
    server_dir: Path,
    open_engine: OpenEngine,
    open_client: OpenClient,
    store: str,
    clock: MovedClock,
    dsn_for: Any,
) -> None:
    with EmbeddedPostgres(server_dir / "data") as server:
        await run(server.dsn, _SETUP)
        reader_dsn = dsn_for(server.dsn, "cache_reader")
        options: Any = {"store": store, "clock": clock, "cache_ttl": TTL, "cache_max_stale": 50.0}
        client = await open_client(await open_engine(reader_dsn, **options))
        await answers(client)
        await asyncio.to_thread(server.stop)
        clock.advance(TTL + 1)
        assert await answers(client) == ({"STALE"}, ROWS)
        response = await client.post("/query/execute", json=BALANCES, headers={"X-Tenant": "acme"})
        assert int(response.headers["age"]) >= TTL
        assert response.json()["is_from_cache"] is True
        clock.advance(50)
        for tenant in (*TENANTS, "nobody yet"):
            response = await client.post(
                "/query/execute", json=BALANCES, headers={"X-Tenant": tenant}
            )
            problem = response.json()
            assert (response.status_code, problem["code"]) == (503, "database_unavailable")
            assert response.headers["content-type"] == "application/problem+json"
        await asyncio.to_thread(server.start)
        assert await answers(client) == ({"MISS"}, ROWS)


async def test_these_tests_would_notice_keys_without_a_scope(
    clients: list[httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they look for does happen once the scope is dropped from the key."""
    digest = cache_key.context_digest

    def without_scope(_scope: Scope, context: str) -> bytes:
        return digest(Scope(), context)

    for module in (cache_key, known_keys, questions):
        monkeypatch.setattr(module, "context_digest", without_scope)
    for client in clients:
        assert (await answers(client))[1] == dict.fromkeys(TENANTS, ROWS["acme"])
