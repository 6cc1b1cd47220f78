"""The ready-made server answers everything in one form, also what no route knows."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from prismiq import DatabaseUnavailableError, RateLimitMiddleware, Settings, create_app

SETTINGS: dict[str, Any] = {
    "database_url": "postgresql://ann:S3CRET@127.0.0.1:1/shop",
    "cors_origins": ("https://app.example.com",),
    "max_body_bytes": 100,
}


@pytest.fixture
def app() -> FastAPI:
    return create_app(Settings(**SETTINGS))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as inside:
        yield inside


@pytest.mark.parametrize(
    ("request_line", "status", "code", "detail"),
    [
        ("GET /nothing", 404, "not_found", "There is nothing at this address."),
        ("GET /api/nothing", 404, "not_found", "There is nothing at this address."),
        (
            "DELETE /api/tables",
            405,
            "method_not_allowed",
            "This address does not know this method.",
        ),
        (
            "GET /api/query/execute",
            405,
            "method_not_allowed",
            "This address does not know this method.",
        ),
    ],
)
async def test_unknown_addresses_and_methods_are_problems(
    client: httpx.AsyncClient, request_line: str, status: int, code: str, detail: str
) -> None:
    response = await client.request(*request_line.split())
    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, document["code"], document["detail"]) == (status, code, detail)
    assert response.headers["x-request-id"] == document["request_id"]
    assert ("allow" in response.headers) == (status == 405)


async def test_before_it_is_started_it_says_so(client: httpx.AsyncClient) -> None:
    query = {"tables": [{"id": "f", "name": "f"}]}
    for response in (
        await client.get("/api/tables"),
        await client.post("/api/query/execute", json=query),
        await client.post("/api/query/sql", json=query),
    ):
        assert (response.status_code, response.json()["code"]) == (503, "engine_not_started")
        assert "S3CRET" not in response.text


async def test_bodies_are_bounded_by_the_setting(client: httpx.AsyncClient) -> None:
    for path in ("/api/query/execute", "/api/query/sql"):
        response = await client.post(path, json={"tables": "x" * 100})
        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


async def test_a_failure_outside_of_our_routes_is_a_problem(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("S3CRET")

    @app.get("/typed")
    def typed(number: int) -> int:
        return number

    failed = await client.get("/broken", headers={"X-Request-ID": "abc"})
    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert failed.headers["x-request-id"] == failed.json()["request_id"] == "abc"
    assert "S3CRET" not in failed.text
    wrong = await client.get("/typed?number=x")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
    assert wrong.json()["detail"] == "'number' must be a whole number."


async def test_allowed_origins_may_read_every_answer(client: httpx.AsyncClient) -> None:
    origin = {"Origin": "https://app.example.com"}
    preflight = await client.options(
        "/api/query/execute",
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-request-id",
        },
    )
    assert preflight.status_code == 200
    for response in (
        preflight,
        await client.get("/nothing", headers=origin),
        await client.get("/api/tables", headers=origin),
        await client.post("/api/query/execute", json={}, headers=origin),
    ):
        assert response.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "x-request-id" in response.headers
    exposed = response.headers["access-control-expose-headers"]
    assert set(exposed.split(", ")) == {
        *("X-Request-ID", "X-Cache", "Age", "Server-Timing"),
        *RateLimitMiddleware.exposed_headers,
    }


async def test_other_origins_may_not(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/tables", headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in response.headers


async def test_without_the_setting_no_origin_may() -> None:
    app = create_app(Settings(database_url=SETTINGS["database_url"]))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/api/tables", headers={"Origin": "https://app.example.com"})
    assert "access-control-allow-origin" not in response.headers


async def test_it_documents_itself(client: httpx.AsyncClient) -> None:
    assert (await client.get("/docs")).status_code == 200
    api = (await client.get("/openapi.json")).json()
    assert api["info"]["title"] == "Prismiq"
    assert api["info"]["version"]
    assert all(path.startswith("/api/") for path in api["paths"])
    assert len(api["paths"]) == 15


async def test_metrics_need_no_prefix(client: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/api/metrics"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'prismiq_queries_total{status="success"}' in answer.text


async def test_without_metrics_there_is_no_such_address() -> None:
    app = create_app(Settings(**SETTINGS, enable_metrics=False))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://test"
    ) as client:
        for path in ("/metrics", "/api/metrics"):
            assert (await client.get(path)).status_code == 404


async def test_probes_find_health_at_the_root_and_under_the_prefix(
    client: httpx.AsyncClient,
) -> None:
    for prefix in ("", "/api"):
        assert (await client.get(f"{prefix}/health/live")).status_code == 200
        for path in ("/health", "/health/ready", "/health/startup"):
            answer = await client.get(prefix + path)
            assert answer.status_code == 503
            assert answer.headers["cache-control"] == "no-store"
            assert "S3CRET" not in answer.text


async def test_it_does_not_start_without_its_database(app: FastAPI) -> None:
    with pytest.raises(DatabaseUnavailableError):
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")


@pytest.mark.parametrize(
    ("trusted", "expected"), [((), "10.0.0.1"), (("10.0.0.0/8",), "198.51.100.7")]
)
async def test_the_record_of_a_request_names_the_client_behind_trusted_proxies(
    trusted: tuple[str, ...], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "prismiq.http.requests")
    app = create_app(Settings(**SETTINGS, trusted_proxies=trusted))
    transport = httpx.ASGITransport(app=app, client=("10.0.0.1", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
        await client.get("/health/live", headers=forwarded)
    assert [vars(record)["client_ip"] for record in caplog.records] == [expected]
