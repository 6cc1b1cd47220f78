"""The ready-made server holds its clients to their limits as the settings say."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import httpx
import pytest

from prismiq import Settings, create_app

Serve: TypeAlias = Callable[..., httpx.AsyncClient]
URL = "postgresql://ann:S3CRET@127.0.0.1:1/shop"
QUERY = {"tables": [{"id": "f", "name": "f"}]}
ORIGIN = {"Origin": "https://app.example.com"}
TOKEN = {"Authorization": "Bearer t0ken"}


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Open a client of a server: ``serve(rate_limit_burst=2)``. It is not started."""
    async with AsyncExitStack() as clients:

        def open_client(**settings: Any) -> httpx.AsyncClient:
            settings = {"rate_limit_enabled": True, "rate_limit_burst": 2, **settings}
            app = create_app(Settings(database_url=URL, **settings))
            transport = httpx.ASGITransport(app=app, client=("203.0.113.7", 4711))
            opened = httpx.AsyncClient(transport=transport, base_url="http://test")
            clients.push_async_callback(opened.aclose)
            return opened

        yield open_client


async def ask(client: httpx.AsyncClient, count: int, **options: Any) -> list[int]:
    return [(await client.get("/api/tables", **options)).status_code for _ in range(count)]


async def test_queries_are_limited_also_on_the_direct_lane(serve: Serve) -> None:
    client = serve()
    answers = [await client.post("/api/query/execute", json=QUERY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"
    assert answers[2].json()["code"] == "rate_limited"
    assert answers[2].headers["x-request-id"] == answers[2].json()["request_id"]
    assert (await client.get("/api/tables")).status_code == 429


async def test_a_page_in_a_browser_can_read_a_refusal(serve: Serve) -> None:
    client = serve(cors_origins=("https://app.example.com",))
    await ask(client, 2)
    preflight = {**ORIGIN, "Access-Control-Request-Method": "POST"}
    for _ in range(5):
        assert (await client.options("/api/query/execute", headers=preflight)).status_code == 200
    refusal = await client.get("/api/tables", headers=ORIGIN)
    assert refusal.status_code == 429
    assert refusal.headers["access-control-allow-origin"] == "https://app.example.com"
    exposed = refusal.headers["access-control-expose-headers"].lower().split(", ")
    limit_headers = [name for name in refusal.headers if "ratelimit" in name or "retry" in name]
    assert len(limit_headers) == 6
    assert set(limit_headers) <= set(exposed)


@pytest.mark.parametrize(
    "path",
    [
        *("/health", "/health/live", "/health/ready", "/metrics"),
        *("/api/health", "/api/health/live", "/api/health/ready", "/api/metrics"),
        *("/docs", "/openapi.json"),
    ],
)
async def test_probes_and_documentation_are_not_limited(serve: Serve, path: str) -> None:
    client = serve()
    for _ in range(4):
        answer = await client.get(path)
        assert answer.status_code != 429
        assert "ratelimit" not in answer.headers


async def test_operators_see_and_forgive_a_client(serve: Serve) -> None:
    client = serve(admin_token="t0ken", trusted_proxies=("203.0.113.7",), rate_limit_burst=4)
    visitor = {"X-Forwarded-For": "2001:db8::42"}
    operator = {"X-Forwarded-For": "198.51.100.1", **TOKEN}
    assert await ask(client, 5, headers=visitor) == [503, 503, 503, 503, 429]
    url = "/api/limits/ip:2001:db8::/64"
    seen = (await client.get(url, headers=operator)).json()
    assert seen["policies"][0]["windows"][0]["remaining"] == 0
    assert (await client.delete(url, headers=operator)).status_code == 204
    assert (await client.get("/api/tables", headers=visitor)).status_code == 503


async def test_without_a_token_there_is_nothing_for_operators(serve: Serve) -> None:
    client = serve()
    assert (await client.get("/api/limits/a", headers=TOKEN)).json()["code"] == "not_found"
    assert "operators" not in (await client.get("/openapi.json")).text


async def test_clients_behind_a_trusted_proxy_have_limits_of_their_own(serve: Serve) -> None:
    client = serve(trusted_proxies=("203.0.113.0/24",))
    for visitor in ("198.51.100.1", "198.51.100.2"):
        headers = {"X-Forwarded-For": f"10.9.9.9, {visitor}"}
        assert await ask(client, 3, headers=headers) == [503, 503, 429]


async def test_nobody_else_says_who_a_client_is(serve: Serve) -> None:
    client = serve()
    statuses = []
    for number in range(3):
        statuses += await ask(client, 1, headers={"X-Forwarded-For": f"198.51.100.{number}"})
    assert statuses == [503, 503, 429]


async def test_a_shadow_refuses_nobody_and_says_nothing(serve: Serve) -> None:
    client = serve(rate_limit_shadow=True)
    assert await ask(client, 5) == [503] * 5
    assert "ratelimit" not in (await client.get("/api/tables")).headers


async def test_limits_can_be_switched_off(serve: Serve) -> None:
    assert await ask(serve(rate_limit_enabled=False), 5) == [503] * 5
