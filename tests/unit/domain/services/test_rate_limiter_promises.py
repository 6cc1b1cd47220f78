"""What a limiter promises, over 125,000 random requests and every stretch of time between them."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.rate_limits import HOUR, MINUTE, SECOND, Buckets, RateLimitConfig
from prismiq.domain.rules.token_bucket import take
from prismiq.domain.services.rate_limiter import RateLimiter

REQUESTS = 25_000
CONFIGS = [
    RateLimitConfig(),
    RateLimitConfig(burst_limit=7, requests_per_minute=61, requests_per_hour=997),
    RateLimitConfig(burst_limit=1, requests_per_minute=1, requests_per_hour=1),
    RateLimitConfig(burst_limit=40, requests_per_minute=50, requests_per_hour=60),
    RateLimitConfig(burst_limit=3, requests_per_minute=1_000, requests_per_hour=1_001),
]
Admissions = list[tuple[int, int]]


def make_limiter(config: RateLimitConfig, clock: Any, max_clients: int = 1_000) -> RateLimiter:
    return RateLimiter(InMemoryLimitStore(config, clock, max_clients=max_clients), clock)


def excess(admissions: Admissions, limit: int, period: int) -> int:
    """Return by how much any stretch of time has more than a full bucket and its refill.

    Between the first and the last request of a stretch, both of them counted, that is
    ``cost * period - duration * limit - limit * period``. Only the largest of all matters, which
    one walk through the requests finds; more than zero is too many.
    """
    largest, charged, least = -limit * period, 0, None
    for moment, cost in admissions:
        before = charged * period - moment * limit
        least = before if least is None else min(least, before)
        charged += cost
        largest = max(largest, charged * period - moment * limit - least - limit * period)
    return largest


def assert_no_stretch_has_too_many(config: RateLimitConfig, admissions: Admissions) -> None:
    assert excess(admissions, config.burst_limit, SECOND) <= 0
    assert excess(admissions, config.requests_per_minute, MINUTE) <= 0
    assert excess(admissions, config.requests_per_hour, HOUR) <= 0


def test_the_measure_finds_the_one_stretch_that_has_too_many() -> None:
    crowded = [(0, 1), (10 * SECOND, 2), (10 * SECOND + 1, 1), (20 * SECOND, 1)]
    assert excess(crowded, 3, SECOND) <= 0
    assert excess(crowded, 2, SECOND) > 0


def pauses(config: RateLimitConfig, chance: random.Random) -> Iterator[float]:
    """Yield seconds, for a while about as long as one window asks for, then as another does."""
    paces = (
        1 / config.burst_limit,
        60 / config.requests_per_minute,
        3_600 / config.requests_per_hour,
    )
    for number in range(REQUESTS):
        if number % 250 == 0:
            pace = chance.choice(paces)
            yield chance.choice([0, 90, 3_700])
        else:
            yield pace * chance.choice([0, 0, 0, 1e-6, 0.3, 1, 2]) * chance.random()


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_no_stretch_has_too_many_denials_cost_nothing_and_waiting_always_helps(
    config: RateLimitConfig, clock: Any
) -> None:
    chance = random.Random(repr(config))
    limiter, of_admitted_only = make_limiter(config, clock), make_limiter(config, clock)
    model: dict[str, Buckets] = {}
    admitted: dict[str, Admissions] = {client: [] for client in "abc"}
    denied = 0
    for pause in pauses(config, chance):
        clock.advance(pause)
        client = chance.choice("aaabbc")
        cost = chance.choice([1, 1, 1, 2, 5])
        decision = limiter.decide(client, cost)
        model[client], expected = take(config, model.get(client), decision.now, decision.cost)
        assert decision == expected
        if not decision.allowed:
            denied += 1
            if chance.random() < 0.2:
                seconds = int(limiter.headers(decision)["Retry-After"])
                assert seconds >= 1
                clock.advance(seconds)
                decision = limiter.decide(client, cost)
                assert decision.allowed
                model[client] = decision.buckets
        if decision.allowed:
            of_admitted_only.decide(client, cost)
            admitted[client].append((decision.now, decision.cost))
        assert limiter.peek(client) == of_admitted_only.peek(client)
    for admissions in admitted.values():
        assert_no_stretch_has_too_many(config, admissions)
    assert min(denied, sum(map(len, admitted.values()))) > 1_000


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_no_stretch_has_too_many_of_a_client_who_was_pushed_out_and_came_back(
    config: RateLimitConfig, clock: Any
) -> None:
    chance = random.Random(repr(config))
    limiter = make_limiter(config, clock, max_clients=3)
    admitted: dict[str, Admissions] = {f"client {number}": [] for number in range(12)}
    for pause in pauses(config, chance):
        clock.advance(pause)
        client = chance.choice(sorted(admitted))
        decision = limiter.decide(client)
        if decision.allowed:
            admitted[client].append((decision.now, 1))
    for admissions in admitted.values():
        assert_no_stretch_has_too_many(config, admissions)
    assert sum(map(len, admitted.values())) > 500


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_a_client_just_below_the_limit_is_never_denied_in_a_day(
    config: RateLimitConfig, clock: Any
) -> None:
    limiter = make_limiter(config, clock)
    windows = ((1, config.burst_limit), (60, config.requests_per_minute))
    slowest = max(period / limit for period, limit in (*windows, (3_600, config.requests_per_hour)))
    pace = slowest / 0.999
    for _ in range(int(24 * 3_600 / pace)):
        assert limiter.decide("a").allowed
        clock.advance(pace)
