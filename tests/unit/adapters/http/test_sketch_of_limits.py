"""What the plan sketched would be wrong, and each test that says so fails on the sketch.

The sketch's middleware is written out in the plan. Its limiter is not: here it is what people write
first, one window after the other, refilled in whole seconds.
"""

from collections.abc import Callable
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter

TIGHT = RateLimitConfig(burst_limit=2)
ORIGIN = {"Origin": "https://app.example.com"}


class Limiter(Protocol):
    def check_rate_limit(self, client_id: str) -> tuple[bool, dict[str, Any]]: ...


class SketchedLimiter:
    """Three buckets per client, asked in turn."""

    def __init__(self, config: RateLimitConfig, clock: Any) -> None:
        self._clock = clock
        self._windows = [
            (config.requests_per_hour, 3600),
            (config.requests_per_minute, 60),
            (config.burst_limit, 1),
        ]
        self._buckets: dict[str, list[tuple[int, int]]] = {}

    def check_rate_limit(self, client_id: str) -> tuple[bool, dict[str, Any]]:
        now = int(self._clock.monotonic())
        full = [(limit, now) for limit, _ in self._windows]
        buckets = self._buckets.setdefault(client_id, full)
        for number, (limit, period) in enumerate(self._windows):
            tokens, since = buckets[number]
            tokens = min(limit, tokens + (now - since) * limit // period)
            buckets[number] = (tokens - 1 if tokens else 0, now)
            if not tokens:
                return False, {"Retry-After": str(period // limit)}
        return True, {}


class SketchedMiddleware(BaseHTTPMiddleware):
    """As the plan has it."""

    def __init__(self, app: Any, limiter: Any) -> None:
        super().__init__(app)
        self._limiter = limiter

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        assert request.client is not None
        allowed, headers = self._limiter.check_rate_limit(request.client.host)
        if not allowed:
            raise HTTPException(status_code=429, detail="Rate limit exceeded", headers=headers)
        response = await call_next(request)
        response.headers.update(headers)
        return response


SKETCH_FAILS = pytest.mark.xfail(strict=True, raises=AssertionError)
middlewares = pytest.mark.parametrize(
    "middleware", [RateLimitMiddleware, pytest.param(SketchedMiddleware, marks=SKETCH_FAILS)]
)


def ours(config: RateLimitConfig, clock: Any) -> Limiter:
    return RateLimiter(config, clock=clock)


limiters = pytest.mark.parametrize(
    "limiter_of", [ours, pytest.param(SketchedLimiter, marks=SKETCH_FAILS)]
)
LimiterOf = Callable[[RateLimitConfig, Any], Limiter]


def connect(middleware: Any, clock: Any, peer: Any = ("203.0.113.7", 1)) -> httpx.AsyncClient:
    app = FastAPI()
    app.add_api_route("/", lambda: "hello")
    app.add_middleware(middleware, limiter=RateLimiter(TIGHT, clock=clock))
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


@limiters
def test_a_refused_request_consumes_nothing(limiter_of: LimiterOf, clock: Any) -> None:
    limiter = limiter_of(RateLimitConfig(burst_limit=1, requests_per_minute=3), clock)
    for _ in range(10):  # one fits the second; what is refused must not use up the minute
        limiter.check_rate_limit("a")
    clock.advance(1.1)
    assert limiter.check_rate_limit("a")[0]


@limiters
def test_nobody_below_the_limit_is_refused(limiter_of: LimiterOf, clock: Any) -> None:
    limiter = limiter_of(RateLimitConfig(requests_per_minute=100, requests_per_hour=6_000), clock)
    answers = []
    for _ in range(1_000):
        clock.advance(0.601)  # one fits every 0.6 seconds
        answers.append(limiter.check_rate_limit("a")[0])
    assert all(answers)


@limiters
def test_who_waits_as_told_is_admitted(limiter_of: LimiterOf, clock: Any) -> None:
    limiter = limiter_of(RateLimitConfig(burst_limit=7, requests_per_minute=7), clock)
    for _ in range(30):
        allowed, headers = limiter.check_rate_limit("a")
        if not allowed:
            assert int(headers["Retry-After"]) >= 1
            clock.advance(int(headers["Retry-After"]))
            assert limiter.check_rate_limit("a")[0]
