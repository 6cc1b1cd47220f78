"""Tenants and claims reach PostgreSQL's row-level security, and never another request."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request

from prismiq import PrismiqEngine, Scope, create_router

BALANCES = {
    "tables": [{"id": "a", "name": "accounts"}],
    "columns": [{"table_id": "a", "column": "balance", "aggregation": "sum", "alias": "sum"}],
}


def scope_of(request: Request) -> Scope:
    """Believe our own gateway's headers, as an integrator might."""
    tenant = request.headers.get("x-tenant")
    if tenant is None:
        raise HTTPException(401, "Log in first.")
    user = request.headers.get("x-user")
    return Scope(tenant=tenant, claims={"user": user} if user else {})


@pytest.fixture(scope="module")
async def client(engine: PrismiqEngine, connect: Any) -> Any:
    app = FastAPI()
    app.include_router(create_router(engine, scope=scope_of), prefix="/api")
    return await connect(app)


async def total(client: httpx.AsyncClient, tenant: str, user: str | None = None) -> Any:
    headers = {"X-Tenant": tenant} | ({"X-User": user} if user else {})
    response = await client.post("/query/execute", json=BALANCES, headers=headers)
    assert response.status_code == 200, response.text
    [[value]] = response.json()["rows"]
    return value


async def test_each_tenant_sees_its_own_rows(client: httpx.AsyncClient) -> None:
    assert await total(client, "acme") == 3
    assert await total(client, "globex") == 70
    assert await total(client, "initech") is None


async def test_each_user_sees_his_own_rows(client: httpx.AsyncClient) -> None:
    assert await total(client, "acme", "ann") == 1
    assert await total(client, "acme", "bob") == 2
    assert await total(client, "acme", "cat") is None  # another tenant's user
    assert await total(client, "acme") == 3  # nothing of the last user is left


async def test_the_default_tenant_is_a_tenant_like_any_other(client: httpx.AsyncClient) -> None:
    assert await total(client, "acme") == 3
    assert await total(client, "default") is None


async def test_tenants_that_ask_at_once_do_not_mix(client: httpx.AsyncClient) -> None:
    callers = [
        ("acme", None, 3),
        ("globex", None, 70),
        ("acme", "ann", 1),
        ("globex", "dan", 40),
        ("default", None, None),
        ("acme", "dan", None),
    ] * 50  # far more than there are connections
    answers = await asyncio.gather(*(total(client, tenant, user) for tenant, user, _ in callers))
    assert answers == [expected for _, _, expected in callers]


async def test_samples_and_estimates_are_scoped_too(client: httpx.AsyncClient) -> None:
    path = "/tables/accounts/columns/owner/sample"
    for tenant, owners in (("acme", ["ann", "bob"]), ("globex", ["cat", "dan"])):
        response = await client.get(path, headers={"X-Tenant": tenant})
        assert response.json() == {"values": owners}
        explained = await client.post("/query/explain", json=BALANCES, headers={"X-Tenant": tenant})
        assert explained.status_code == 200


async def test_hostile_tenants_are_only_names(client: httpx.AsyncClient) -> None:
    for tenant in ("acme'; RESET ALL; --", "acme\\", '"acme"', "%"):
        assert await total(client, tenant) is None


async def test_a_failed_query_leaves_nothing_of_its_scope(client: httpx.AsyncClient) -> None:
    division = {
        "tables": [{"id": "d", "name": "divisions"}],
        "columns": [{"table_id": "d", "column": "quotient"}],
    }
    for _ in range(8):
        failed = await client.post("/query/execute", json=division, headers={"X-Tenant": "globex"})
        assert failed.json()["code"] == "division_by_zero"
    answers = await asyncio.gather(*(total(client, "acme") for _ in range(8)))
    assert answers == [3] * 8


async def test_who_has_no_scope_gets_nothing(client: httpx.AsyncClient) -> None:
    for response in (
        await client.post("/query/execute", json=BALANCES),
        await client.post("/query/validate", json=BALANCES),
        await client.get("/schema"),
        await client.get("/tables/accounts"),
        await client.get("/tables/accounts/columns/owner/sample"),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.json()["detail"] == "Log in first."
