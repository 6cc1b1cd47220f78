"""What load balancers, orchestrators and people are answered."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from prismiq.adapters.http.health_router import HEALTH_PATHS, make_health_router
from prismiq.adapters.http.rate_limit_middleware import EXEMPT_PATHS
from prismiq.domain.model.errors import DatabaseUnavailableError, PoolExhaustedError
from prismiq.domain.services.health_service import HealthService


class Condition:
    """Probes of two things that are as they are told to be."""

    def __init__(self) -> None:
        self.database: Exception | None = None
        self.cache: Exception | None = None
        self.looks = 0

    async def look_at_database(self) -> None:
        self.looks += 1
        if self.database:
            raise self.database

    async def look_at_cache(self) -> None:
        self.looks += 1
        if self.cache:
            raise self.cache


@pytest.fixture
def condition() -> Condition:
    return Condition()


@pytest.fixture
def health(clock: Any, condition: Condition) -> HealthService:
    service = HealthService(clock, "1.2.3")
    service.add("database", condition.look_at_database, critical=True, timeout=0.5)
    service.add("cache", condition.look_at_cache, critical=False, timeout=0.5)
    return service


@pytest.fixture
def client(health: HealthService, connect: Any) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(make_health_router(health), prefix="/api")
    opened: httpx.AsyncClient = connect(app)
    opened.base_url = httpx.URL("http://test/api")
    return opened


async def statuses(client: httpx.AsyncClient) -> tuple[int, int, int]:
    answers = await asyncio.gather(
        *(client.get(path) for path in ("/health", "/health/live", "/health/ready"))
    )
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]
    return answers[0].status_code, answers[1].status_code, answers[2].status_code


DOWN = DatabaseUnavailableError("S3CRET")


@pytest.mark.parametrize(
    ("database", "cache", "overall", "expected"),
    [
        (None, None, "healthy", (200, 200, 200)),
        (None, DOWN, "degraded", (200, 200, 200)),
        (PoolExhaustedError(), None, "degraded", (200, 200, 200)),
        (DOWN, None, "unhealthy", (503, 200, 503)),
        (ValueError("S3CRET"), None, "unhealthy", (503, 200, 503)),
    ],
    ids=repr,
)
async def test_statuses(
    client: httpx.AsyncClient,
    condition: Condition,
    *,
    database: Exception | None,
    cache: Exception | None,
    overall: str,
    expected: tuple[int, int, int],
) -> None:
    condition.database, condition.cache = database, cache
    assert await statuses(client) == expected
    answer = await client.get("/health")
    assert answer.json()["status"] == overall
    assert set(answer.json()) == {"status", "version", "uptime_seconds", "checks"}
    assert set(answer.json()["checks"]["database"]) == {"status", "message", "latency_ms"}
    assert "S3CRET" not in answer.text + (await client.get("/health/ready")).text


async def test_what_is_not_ready_says_why(client: httpx.AsyncClient, condition: Condition) -> None:
    condition.database = DOWN
    answer = await client.get("/health/ready")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["detail"]) == (
        "not_ready",
        "The server is not ready: database unreachable.",
    )
    assert [(p["field"], p["code"]) for p in problem["errors"]] == [("database", "unreachable")]


async def test_draining_fails_readiness_and_nothing_else(
    client: httpx.AsyncClient, health: HealthService
) -> None:
    health.mark_started()
    assert await statuses(client) == (200, 200, 200)
    health.mark_draining()
    assert await statuses(client) == (200, 200, 503)
    problem = (await client.get("/health/ready")).json()
    assert problem["detail"] == "The server is not ready: lifecycle draining."
    overview = (await client.get("/health")).json()
    assert overview["checks"]["lifecycle"] == {
        "status": "degraded",
        "message": "draining",
        "latency_ms": None,
    }
    assert (await client.get("/health/startup")).status_code == 200


async def test_liveness_and_startup_look_at_nothing(
    client: httpx.AsyncClient, health: HealthService, condition: Condition
) -> None:
    condition.database = DOWN
    for path in ("/health/live", "/health/startup"):
        await client.get(path)
    health.mark_started()
    live, startup = await client.get("/health/live"), await client.get("/health/startup")
    assert live.json() == startup.json() == {"status": "ok"}
    assert condition.looks == 0


async def test_startup_waits_for_the_first_start_only(
    client: httpx.AsyncClient, health: HealthService
) -> None:
    answer = await client.get("/health/startup")
    assert (answer.status_code, answer.json()["code"]) == (503, "starting")
    assert answer.headers["cache-control"] == "no-store"
    health.mark_started()
    await health.stop()
    assert (await client.get("/health/startup")).status_code == 200


async def test_head_is_answered_too(client: httpx.AsyncClient, condition: Condition) -> None:
    condition.database = DOWN
    answers = [await client.head(path) for path in HEALTH_PATHS]
    assert [answer.status_code for answer in answers] == [503, 200, 503, 503]


def test_no_limit_holds_probes_back() -> None:
    assert set(HEALTH_PATHS) <= EXEMPT_PATHS
