"""Operators see how a client stands and forgive it, whatever its name looks like."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from prismiq.adapters.http.limits_router import make_limits_router
from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.services.client_limits import ClientLimits
from prismiq.domain.services.rate_limiter import RateLimiter

TOKEN = {"Authorization": "Bearer s3cret"}
NAMES = [
    "ip:203.0.113.7",
    "ip:2001:db8::/64",
    "key:0123456789abcdef",
    "tenant:Acme & Söhne/reset",
    "a/b//c",
    "50%25?#",
]


@pytest.fixture
def limiter(clock: Any) -> RateLimiter:
    return RateLimiter(InMemoryLimitStore(RateLimitConfig(burst_limit=2), clock), clock)


@pytest.fixture
def client(limiter: RateLimiter, connect: Any) -> httpx.AsyncClient:
    app = FastAPI()
    router = make_limits_router(ClientLimits([limiter]), SecretStr("s3cret"))
    app.include_router(router, prefix="/api")
    opened: httpx.AsyncClient = connect(app)
    opened.headers.update(TOKEN)
    return opened


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("safe", ["", "/:"])
async def test_a_client_can_be_looked_at_and_forgiven(
    limiter: RateLimiter, client: httpx.AsyncClient, name: str, safe: str
) -> None:
    url = f"/api/limits/{quote(name, safe=safe)}"
    for method, address in (("DELETE", url), ("POST", f"{url}/reset")):
        assert limiter.decide(name, 2).allowed
        seen = (await client.get(url)).json()
        assert seen["client"] == name
        (policy,) = seen["policies"]
        assert policy["policy"] == "default"
        assert policy["windows"][0] == {
            "window": "burst",
            "limit": 2,
            "period": 1,
            "remaining": 0,
            "full_in": 1.0,
        }
        assert (await client.request(method, address)).status_code == 204
        assert (await client.get(url)).json()["policies"][0]["windows"][0]["remaining"] == 2


async def test_a_client_who_was_never_seen_owes_nothing(client: httpx.AsyncClient) -> None:
    report = (await client.get("/api/limits/nobody")).json()
    assert all(window["full_in"] == 0 for window in report["policies"][0]["windows"])
    assert (await client.delete("/api/limits/nobody")).status_code == 204


async def test_a_client_has_a_name(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/limits/")).json()["code"] == "invalid_request"


async def test_strangers_see_and_forgive_nobody(
    limiter: RateLimiter, client: httpx.AsyncClient
) -> None:
    limiter.decide("a", 2)
    del client.headers["Authorization"]
    for answer in (
        await client.get("/api/limits/a"),
        await client.delete("/api/limits/a"),
        await client.post("/api/limits/a/reset"),
    ):
        assert answer.status_code == 401
    assert not limiter.decide("a").allowed


async def test_while_the_store_is_away_it_says_so(
    limiter: RateLimiter, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_client: str) -> None:
        raise StoreUnavailableError

    monkeypatch.setattr(limiter, "peek", fail)
    answer = await client.get("/api/limits/a")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
