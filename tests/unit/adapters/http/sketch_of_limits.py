"""What the plan sketched, and what people write first where it leaves a gap.

The middleware is written out in the plan. The limiter is not: here it is one window after the
other, refilled in whole seconds of the wall clock, kept for ever, or dropped when there are too
many.
"""

from typing import Any

import pytest
from fastapi import HTTPException, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

from prismiq.domain.model.rate_limits import RateLimitConfig

SKETCH_FAILS = pytest.mark.xfail(strict=True, raises=AssertionError)


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
        now = int(self._clock.now().timestamp())
        full = [(limit, now) for limit, _ in self._windows]
        buckets = self._buckets.setdefault(client_id, full)
        for number, (limit, period) in enumerate(self._windows):
            tokens, since = buckets[number]
            tokens = min(limit, tokens + (now - since) * limit // period)
            buckets[number] = (tokens - 1 if tokens else 0, now)
            if not tokens:
                return False, {"Retry-After": str(period // limit), **self._headers(buckets)}
        return True, self._headers(buckets)

    def _headers(self, buckets: list[tuple[int, int]]) -> dict[str, Any]:
        limit, period = self._windows[1]
        left, since = buckets[1]
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(since + (limit - left) * period // limit),
        }


class ForgetfulLimiter(SketchedLimiter):
    """Drops whom it has not seen for the longest time when there are too many."""

    def check_rate_limit(self, client_id: str) -> tuple[bool, dict[str, Any]]:
        known = self._buckets.pop(client_id, None)
        if known is not None:
            self._buckets[client_id] = known
        elif len(self._buckets) >= 1_000:
            del self._buckets[next(iter(self._buckets))]
        return super().check_rate_limit(client_id)


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
