from typing import Any

from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter


def test_a_limiter_needs_nothing_but_its_limits() -> None:
    allowed, headers = RateLimiter(RateLimitConfig()).check_rate_limit("client")
    assert allowed
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(headers)


def test_a_test_can_move_its_time(clock: Any) -> None:
    limiter = RateLimiter(RateLimitConfig(burst_limit=1), clock=clock)
    assert [limiter.check_rate_limit("a")[0] for _ in range(2)] == [True, False]
    clock.advance(1)
    assert limiter.check_rate_limit("a")[0]
