"""A limiter as people write it first would be wrong; each test here fails on such a sketch."""

import gc
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from tests.unit.adapters.http.sketch_of_limits import (
    SKETCH_FAILS,
    ForgetfulLimiter,
    SketchedLimiter,
)

from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter
from prismiq.ports.clock import Clock

TIGHT = RateLimitConfig(burst_limit=2)


class Limiter(Protocol):
    def check_rate_limit(self, client_id: str) -> tuple[bool, dict[str, Any]]: ...


def ours(config: RateLimitConfig, clock: Any) -> Limiter:
    return RateLimiter(config, clock=clock, max_clients=1_000)


limiters = pytest.mark.parametrize(
    "limiter_of", [ours, pytest.param(SketchedLimiter, marks=SKETCH_FAILS)]
)
LimiterOf = Callable[[RateLimitConfig, Any], Limiter]


class ClientId(str):
    """A name of which one can see whether anybody still holds it."""

    __slots__ = ("__weakref__",)


class AdjustedClock(Clock):
    """Somebody sets the wall clock; monotonic time goes on as ever."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.offset = timedelta()

    def now(self) -> datetime:
        now: datetime = self._clock.now()
        return now + self.offset

    def monotonic(self) -> float:
        seconds: float = self._clock.monotonic()
        return seconds


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


@limiters
def test_the_wall_clock_can_be_set(limiter_of: LimiterOf, clock: Any) -> None:
    adjusted = AdjustedClock(clock)
    limiter = limiter_of(TIGHT, adjusted)
    for offset in (timedelta(hours=1), timedelta(hours=-1)):
        assert [limiter.check_rate_limit("a")[0] for _ in range(3)] == [True, True, False]
        adjusted.offset = offset
        assert not limiter.check_rate_limit("a")[0]  # it gives nothing
        clock.advance(1)
        assert limiter.check_rate_limit("a")[0]  # and takes nothing
        clock.advance(2)


@limiters
def test_the_numbers_are_those_of_the_window_that_ends_first(
    limiter_of: LimiterOf, clock: Any
) -> None:
    limiter = limiter_of(RateLimitConfig(burst_limit=3, requests_per_minute=8), clock)
    remaining = 1
    for _ in range(40):
        allowed, headers = limiter.check_rate_limit("a")
        assert allowed == (remaining > 0)
        remaining = int(headers["X-RateLimit-Remaining"])
        assert int(headers["X-RateLimit-Reset"]) >= clock.now().timestamp()
        if not allowed:
            clock.advance(int(headers["Retry-After"]))
            remaining = 1


def held(names: "list[weakref.ref[ClientId]]") -> int:
    gc.collect()
    return sum(name() is not None for name in names)


@limiters
def test_who_owes_nothing_any_more_is_forgotten(limiter_of: LimiterOf, clock: Any) -> None:
    limiter = limiter_of(RateLimitConfig(), clock)
    names = []
    for number in range(500):
        client = ClientId(f"ip:{number}")
        limiter.check_rate_limit(client)
        names.append(weakref.ref(client))
    del client
    clock.advance(3_601)
    for _ in range(100):
        clock.advance(0.001)
        limiter.check_rate_limit("somebody")
    assert held(names) == 0


@limiters
def test_a_crowd_takes_a_bounded_place(limiter_of: LimiterOf, clock: Any) -> None:
    limiter = limiter_of(RateLimitConfig(), clock)
    names = []
    for number in range(3_000):
        client = ClientId(f"ip:{number}")
        limiter.check_rate_limit(client)
        names.append(weakref.ref(client))
    del client
    assert held(names) <= 1_000


@pytest.mark.parametrize(
    "limiter_of", [ours, SketchedLimiter, pytest.param(ForgetfulLimiter, marks=SKETCH_FAILS)]
)
def test_a_crowd_makes_nobodys_debt_forgotten(limiter_of: LimiterOf, clock: Any) -> None:
    limiter = limiter_of(RateLimitConfig(), clock)
    greedy = [f"greedy:{number}" for number in range(30)]
    for client in greedy * 10:
        assert limiter.check_rate_limit(client)[0]
    for number in range(3_000):
        limiter.check_rate_limit(f"ip:{number}")
    assert not any(limiter.check_rate_limit(client)[0] for client in greedy)


def test_the_limiter_in_process_needs_no_event_loop(clock: Any) -> None:
    limiter = RateLimiter(TIGHT, clock=clock)
    assert [limiter.check_rate_limit("a")[0] for _ in range(3)] == [True, True, False]
