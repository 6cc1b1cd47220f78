import random
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.rate_limits import (
    HOUR,
    MINUTE,
    SECOND,
    Buckets,
    Decision,
    RateLimitConfig,
)
from prismiq.domain.rules.token_bucket import full_at, standings, take, wait

DAY = 24 * HOUR
ODD = RateLimitConfig(burst_limit=7, requests_per_minute=61, requests_per_hour=997)
CONFIGS = [
    RateLimitConfig(),
    ODD,
    RateLimitConfig(burst_limit=1, requests_per_minute=1, requests_per_hour=1),
    RateLimitConfig(burst_limit=1000, requests_per_minute=30, requests_per_hour=31),
    RateLimitConfig(
        burst_limit=9_999_991, requests_per_minute=9_999_973, requests_per_hour=9_999_971
    ),
]
limits = st.builds(
    RateLimitConfig,
    burst_limit=st.integers(1, 40),
    requests_per_minute=st.integers(1, 200),
    requests_per_hour=st.integers(1, 3000),
)
pauses = st.one_of(
    st.integers(0, 1000), st.integers(0, 2 * SECOND), st.integers(0, 2 * MINUTE), st.just(HOUR)
)


@dataclass
class TextbookBucket:
    """Tokens as fractions, refilled by the time that passed: the definition, slow and obvious."""

    limit: int
    period: int
    tokens: Fraction = field(init=False)
    refilled_at: int = 0

    def __post_init__(self) -> None:
        self.tokens = Fraction(self.limit)

    def refill(self, now: int) -> None:
        gained = Fraction((now - self.refilled_at) * self.limit, self.period)
        self.tokens = min(Fraction(self.limit), self.tokens + gained)
        self.refilled_at = now


def textbook(config: RateLimitConfig) -> list[TextbookBucket]:
    return [
        TextbookBucket(config.burst_limit, SECOND),
        TextbookBucket(config.requests_per_minute, MINUTE),
        TextbookBucket(config.requests_per_hour, HOUR),
    ]


def run(config: RateLimitConfig, moments: list[int]) -> list[Decision]:
    buckets: Buckets | None = None
    decisions = []
    for now in moments:
        buckets, decision = take(config, buckets, now)
        decisions.append(decision)
    return decisions


def allowed(config: RateLimitConfig, moments: list[int]) -> list[bool]:
    return [decision.allowed for decision in run(config, moments)]


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_decisions_equal_the_textbook_over_random_operations(config: RateLimitConfig) -> None:
    """25,000 operations for each of several limits, with pauses from a microsecond to an hour."""
    chance = random.Random(repr(config))
    model, buckets, now = textbook(config), None, 1_800_000_000 * SECOND
    outcomes = set()
    for bucket in model:
        bucket.refilled_at = now
    for _ in range(25_000):
        now += int(chance.choice([0, 1, SECOND / 7, SECOND, 10 * SECOND, HOUR]) * chance.random())
        cost = chance.choice([1, 1, 1, 2, config.largest_cost])
        buckets, decision = take(config, buckets, now, cost)
        for bucket in model:
            bucket.refill(now)
        expected = all(bucket.tokens >= cost for bucket in model)
        assert decision.allowed == expected
        if expected:
            for bucket in model:
                bucket.tokens -= cost
        assert [s.remaining for s in standings(decision)] == [int(b.tokens) for b in model]
        outcomes.add(expected)
    assert len(outcomes) == 2


@given(limits, st.lists(pauses, max_size=60))
def test_no_stretch_of_time_admits_more_than_the_bucket_and_its_refill(
    config: RateLimitConfig, steps: list[int]
) -> None:
    moments = [sum(steps[:i]) for i in range(len(steps))]
    admitted = [m for m, fits in zip(moments, allowed(config, moments), strict=True) if fits]
    for bucket in textbook(config):
        for first, start in enumerate(admitted):
            for last in range(first, len(admitted)):
                allowance = bucket.limit + Fraction(
                    (admitted[last] - start) * bucket.limit, bucket.period
                )
                assert last - first + 1 <= allowance


@given(limits, st.lists(pauses, min_size=1, max_size=60))
def test_a_denial_consumes_nothing(config: RateLimitConfig, steps: list[int]) -> None:
    buckets: Buckets | None = None
    now = 0
    for step in steps:
        now += step
        after, decision = take(config, buckets, now, config.largest_cost)
        if not decision.allowed:
            assert after == buckets == decision.buckets
        buckets = after


@given(limits, st.lists(pauses, min_size=1, max_size=40), st.integers(1, 40))
def test_who_waits_as_told_is_admitted_and_not_a_microsecond_sooner(
    config: RateLimitConfig, steps: list[int], cost: int
) -> None:
    buckets: Buckets | None = None
    now = 0
    cost = min(cost, config.largest_cost)
    for step in steps:
        now += step
        buckets, decision = take(config, buckets, now, cost)
        pause = wait(decision)
        assert (pause == 0) == decision.allowed
        if pause:
            assert take(config, buckets, now + pause, cost)[1].allowed
            assert not take(config, buckets, now + pause - 1, cost)[1].allowed


@given(limits, st.lists(pauses, min_size=1, max_size=40))
def test_full_buckets_and_only_full_ones_equal_an_unseen_client(
    config: RateLimitConfig, steps: list[int]
) -> None:
    buckets: Buckets | None = None
    now = 0
    for step in steps:
        now += step
        buckets, _ = take(config, buckets, now)
        full = full_at(config, buckets)
        assert take(config, buckets, full) == take(config, None, full)
        assert take(config, buckets, full - 1) != take(config, None, full - 1)


@pytest.mark.parametrize("config", CONFIGS[:4], ids=repr)
def test_a_client_just_below_the_limit_is_never_denied_for_a_day(config: RateLimitConfig) -> None:
    """A limiter that refills by whole seconds, or rounds on every call, fails here."""
    slowest = max(
        Fraction(SECOND, config.burst_limit),
        Fraction(MINUTE, config.requests_per_minute),
        Fraction(HOUR, config.requests_per_hour),
    )
    pace = slowest * Fraction(1000, 999)
    moments = [int(pace * i) + (i > 0) for i in range(int(DAY / pace))]
    assert all(allowed(config, moments))


def test_the_three_windows_are_decided_together() -> None:
    """Requests that the burst window denies leave the hour alone."""
    config = RateLimitConfig(burst_limit=2, requests_per_minute=60, requests_per_hour=10)
    denied = run(config, [0] * 50)[-1]
    assert not denied.allowed
    assert [s.remaining for s in standings(denied)] == [0, 58, 8]
    assert allowed(config, [0] * 50 + [SECOND, SECOND, 2 * SECOND, 2 * SECOND]).count(True) == 6


def test_refill_is_continuous() -> None:
    config = RateLimitConfig(burst_limit=10, requests_per_minute=1000, requests_per_hour=10_000)
    assert allowed(config, [0] * 11) == [True] * 10 + [False]
    assert allowed(config, [0] * 10 + [99_999, 100_000, 100_001]) == [True] * 10 + [
        False,
        True,
        False,
    ]


def test_a_cost_that_no_idle_client_could_pay_never_fits() -> None:
    assert take(ODD, None, 0, ODD.largest_cost)[1].allowed
    assert not take(ODD, None, 0, ODD.largest_cost + 1)[1].allowed


def test_a_clock_set_back_costs_one_window_at_most() -> None:
    config = RateLimitConfig(burst_limit=2, requests_per_minute=60, requests_per_hour=1000)
    buckets, now = run(config, [DAY] * 2)[-1].buckets, 0
    buckets, decision = take(config, buckets, now)
    assert not decision.allowed
    assert wait(decision) == HOUR // 1000
    _, decision = take(config, buckets, now + wait(decision))
    assert decision.allowed
