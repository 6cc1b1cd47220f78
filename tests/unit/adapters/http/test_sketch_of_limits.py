"""What the plan sketched as middleware would be wrong; each test here fails on the sketch."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from tests.unit.adapters.http.sketch_of_limits import SKETCH_FAILS, SketchedMiddleware
from tests.unit.remote_limit_store import RemoteLimitStore

from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.services.outage_policies import closed_policy
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter
from prismiq.entrypoints.rate_limiter import RateLimiter

TIGHT = RateLimitConfig(burst_limit=2)
ORIGIN = {"Origin": "https://app.example.com"}

middlewares = pytest.mark.parametrize(
    "middleware", [RateLimitMiddleware, pytest.param(SketchedMiddleware, marks=SKETCH_FAILS)]
)


def asynchronous(clock: Any) -> SharedRateLimiter:
    return SharedRateLimiter(RemoteLimitStore(TIGHT, clock), clock, closed_policy(TIGHT))


def connect(
    middleware: Any, clock: Any, peer: Any = ("203.0.113.7", 1), limiter: Any = None
) -> httpx.AsyncClient:
    app = FastAPI()
    app.add_api_route("/", lambda: "hello")
    app.add_middleware(middleware, limiter=limiter or RateLimiter(TIGHT, clock=clock))
    app.add_middleware(
        CORSMiddleware, allow_origins=[ORIGIN["Origin"]], expose_headers=["Retry-After"]
    )
    transport = httpx.ASGITransport(app, client=peer, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@middlewares
async def test_a_refusal_is_a_429_that_a_page_can_read(middleware: Any, clock: Any) -> None:
    async with connect(middleware, clock) as client:
        answers = [await client.get("/", headers=ORIGIN) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert int(answers[2].headers["retry-after"]) >= 1


@middlewares
async def test_a_request_without_a_peer_is_answered(middleware: Any, clock: Any) -> None:
    async with connect(middleware, clock, peer=None) as client:
        assert (await client.get("/")).status_code == 200


IGNORE_COROUTINES = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")


@pytest.mark.parametrize(
    ("middleware", "limiter_for"),
    [
        (RateLimitMiddleware, lambda clock: RateLimiter(TIGHT, clock=clock)),
        (RateLimitMiddleware, asynchronous),
        pytest.param(SketchedMiddleware, asynchronous, marks=[SKETCH_FAILS, IGNORE_COROUTINES]),
    ],
    ids=["in process", "asynchronous", "sketch asynchronous"],
)
async def test_a_limiter_may_answer_at_once_or_later(
    middleware: Any, limiter_for: Callable[[Any], Any], clock: Any
) -> None:
    async with connect(middleware, clock, limiter=limiter_for(clock)) as client:
        answers = [await client.get("/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
