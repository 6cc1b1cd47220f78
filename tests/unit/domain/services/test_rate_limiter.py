from typing import Any

import pytest

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.rules.token_bucket import standings
from prismiq.domain.services.rate_limiter import RateLimiter


@pytest.fixture
def limiter(clock: Any) -> RateLimiter:
    return RateLimiter(InMemoryLimitStore(RateLimitConfig(), clock), clock)


def test_requests_are_admitted_up_to_the_burst_and_then_refused(limiter: RateLimiter) -> None:
    assert [limiter.check_rate_limit("a")[0] for _ in range(12)] == [True] * 10 + [False] * 2


def test_clients_do_not_share_a_bucket(limiter: RateLimiter) -> None:
    for _ in range(11):
        limiter.check_rate_limit("a")
    assert limiter.check_rate_limit("b")[0]


def test_headers_come_with_every_answer(limiter: RateLimiter, clock: Any) -> None:
    allowed, headers = limiter.check_rate_limit("a")
    assert allowed
    assert headers["X-RateLimit-Limit"] == "10"
    assert headers["X-RateLimit-Remaining"] == "9"
    assert int(headers["X-RateLimit-Reset"]) == int(clock.now().timestamp()) + 1


def test_who_waits_as_told_is_admitted(limiter: RateLimiter, clock: Any) -> None:
    for _ in range(200):
        allowed, headers = limiter.check_rate_limit("a")
        if not allowed:
            clock.advance(int(headers["Retry-After"]))
            assert limiter.check_rate_limit("a")[0]


def test_a_request_can_cost_more_than_one(limiter: RateLimiter) -> None:
    assert limiter.check_rate_limit("a", cost=7)[0]
    assert not limiter.check_rate_limit("a", cost=4)[0]
    assert limiter.check_rate_limit("a", cost=3)[0]


def test_a_cost_beyond_the_limits_takes_all_an_idle_client_has(limiter: RateLimiter) -> None:
    assert limiter.check_rate_limit("a", cost=5_000)[0]
    assert not limiter.check_rate_limit("a")[0]


@pytest.mark.parametrize("cost", [0, -1])
def test_a_request_that_gives_tokens_back_is_refused(limiter: RateLimiter, cost: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        limiter.decide("a", cost)


def test_an_operator_looks_without_charging_and_resets(limiter: RateLimiter) -> None:
    limiter.decide("a", 10)
    assert [s.remaining for s in standings(limiter.peek("a"))] == [0, 50, 990]
    limiter.reset("a")
    assert [s.remaining for s in standings(limiter.peek("a"))] == [10, 60, 1000]
    assert limiter.limits == RateLimitConfig()
