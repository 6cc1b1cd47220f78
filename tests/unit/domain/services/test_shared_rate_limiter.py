from typing import Any

import pytest

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import Decision, RateLimitConfig, Undecided
from prismiq.domain.rules.token_bucket import standings
from prismiq.domain.services.outage_policies import (
    OutagePolicy,
    closed_policy,
    local_share_policy,
    open_policy,
)
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter
from prismiq.ports.limit_store import LimitStore

SPEC = RateLimitConfig()


class FragileStore(LimitStore):
    """Decides in memory, and fails when it is told to."""

    def __init__(self, clock: Any) -> None:
        self._store = InMemoryLimitStore(SPEC, clock)
        self._clock = clock
        self.calls = 0
        self.fails = False
        self.latency = 0.0
        """Seconds until an answer is here; the store decides as soon as it is asked."""

    @property
    def limits(self) -> RateLimitConfig:
        return SPEC

    async def take(self, client: str, cost: int) -> Decision:
        self._reach()
        decision = self._store.take(client, cost)
        self._clock.advance(self.latency)
        return decision

    async def peek(self, client: str) -> Decision:
        self._reach()
        return self._store.peek(client)

    async def reset(self, client: str) -> None:
        self._reach()
        self._store.reset(client)

    def _reach(self) -> None:
        self.calls += 1
        if self.fails:
            raise StoreUnavailableError


@pytest.fixture
def store(clock: Any) -> FragileStore:
    return FragileStore(clock)


@pytest.fixture
def limiter(store: FragileStore, clock: Any) -> SharedRateLimiter:
    return SharedRateLimiter(store, clock, open_policy(SPEC))


async def admitted(limiter: SharedRateLimiter, count: int, client: str = "a") -> int:
    return [(await limiter.decide(client)).allowed for _ in range(count)].count(True)


async def test_it_decides_as_the_limiter_in_process_does(limiter: SharedRateLimiter) -> None:
    answers = [await limiter.check_rate_limit("a") for _ in range(11)]
    assert [allowed for allowed, _ in answers] == [True] * 10 + [False]
    assert answers[0][1]["X-RateLimit-Remaining"] == "9"
    assert answers[-1][1]["Retry-After"] == "1"


async def test_a_denied_client_is_not_asked_about_again_until_it_may_fit(
    limiter: SharedRateLimiter, store: FragileStore, clock: Any
) -> None:
    assert await admitted(limiter, 1_000) == 10
    assert store.calls == 11
    clock.advance(0.0999)
    assert await admitted(limiter, 1) == 0
    assert store.calls == 11
    clock.advance(0.0002)
    assert await admitted(limiter, 2) == 1


async def test_a_remembered_denial_tells_the_time_that_is_left(
    limiter: SharedRateLimiter, store: FragileStore, clock: Any
) -> None:
    await limiter.decide("a", 10)
    await limiter.decide("a", 10)
    clock.advance(0.05)
    for cost, pause in ((10, 950_000), (1, 50_000), (3, 250_000)):
        remembered = await limiter.decide("a", cost)
        assert isinstance(remembered, Decision)
        assert standings(remembered)[0].wait == pause
        assert remembered.buckets == (await store.peek("a")).buckets
    assert store.calls == 2 + 3  # three of them are the test's own looks


async def test_who_has_tokens_left_and_asked_for_more_is_asked_about_again(
    limiter: SharedRateLimiter, clock: Any
) -> None:
    """What such a client takes meanwhile makes its larger request wait longer than it was told."""
    await limiter.decide("a", 8)
    for _ in range(2):
        assert not (await limiter.decide("a", 5)).allowed
        assert (await limiter.decide("a", 1)).allowed
    denied = await limiter.decide("a", 5)
    assert isinstance(denied, Decision)
    clock.advance(standings(denied)[0].wait / 1e6)
    assert (await limiter.decide("a", 5)).allowed


async def test_a_slow_answer_makes_no_denial_too_long_and_no_promise_too_short(
    limiter: SharedRateLimiter, store: FragileStore, clock: Any
) -> None:
    await limiter.decide("a", 10)
    store.latency = 0.05
    denied = await limiter.decide("a", 5)  # fits in 0.5 seconds, of which 0.05 have passed
    remembered = await limiter.decide("a", 5)
    assert isinstance(remembered, Decision)
    assert remembered == denied
    assert store.calls == 2
    clock.advance(0.45)
    assert (await limiter.decide("a", 5)).allowed


async def test_a_denied_cost_says_nothing_about_a_smaller_one(limiter: SharedRateLimiter) -> None:
    await limiter.decide("a", 8)
    assert not (await limiter.decide("a", 5)).allowed
    assert (await limiter.decide("a", 2)).allowed


async def test_a_reset_is_seen_at_once_here_and_within_a_second_elsewhere(
    limiter: SharedRateLimiter, store: FragileStore, clock: Any
) -> None:
    elsewhere = SharedRateLimiter(store, clock, open_policy(SPEC))
    for _ in range(7):
        await limiter.decide("a", 10)
        clock.advance(1)
    assert not (await limiter.decide("a", 10)).allowed  # the minute is used up
    assert not (await elsewhere.decide("a", 10)).allowed
    await limiter.reset("a")
    assert standings(await limiter.peek("a"))[1].remaining == 60
    assert (await limiter.decide("a", 5)).allowed
    clock.advance(1)
    assert (await elsewhere.decide("a", 10)).allowed


async def test_denials_that_are_remembered_are_bounded(
    limiter: SharedRateLimiter, store: FragileStore
) -> None:
    for number in range(11_000):
        await limiter.decide(f"client {number}", 10)
        await limiter.decide(f"client {number}", 10)
    assert len(limiter._denied._denials) == 10_000
    calls = store.calls
    await limiter.decide("client 0", 10)
    assert store.calls == calls + 1


@pytest.mark.parametrize(
    ("policy", "expected"), [(open_policy(SPEC), True), (closed_policy(SPEC), False)]
)
async def test_in_an_outage_the_policy_decides_and_is_counted(
    store: FragileStore, clock: Any, policy: OutagePolicy, *, expected: bool
) -> None:
    limiter = SharedRateLimiter(store, clock, policy)
    store.fails = True
    for _ in range(20):
        assert await limiter.decide("a") == Undecided(expected, SPEC)
    assert limiter.outage_decisions == 20
    allowed, headers = await limiter.check_rate_limit("a")
    assert allowed == expected
    assert ("Retry-After" in headers) == (not expected)


async def test_in_an_outage_a_process_can_count_its_share(store: FragileStore, clock: Any) -> None:
    share = InMemoryLimitStore(SPEC.share(3), clock)
    limiter = SharedRateLimiter(store, clock, local_share_policy(share))
    store.fails = True
    assert await admitted(limiter, 20) == 3
    assert (await limiter.decide("another", cost=10)).allowed  # all that a share can pay


async def test_the_store_decides_again_when_it_is_back(
    limiter: SharedRateLimiter, store: FragileStore
) -> None:
    assert await admitted(limiter, 4) == 4
    store.fails = True
    assert await admitted(limiter, 50) == 50
    store.fails = False
    assert await admitted(limiter, 50) == 6  # what was used before the outage is still used


async def test_who_was_denied_stays_denied_when_the_store_goes_away(
    limiter: SharedRateLimiter, store: FragileStore, clock: Any
) -> None:
    await admitted(limiter, 11)
    store.fails = True
    assert await admitted(limiter, 5) == 0
    clock.advance(0.1)
    assert await admitted(limiter, 5) == 5


async def test_looking_and_resetting_say_when_the_store_is_gone(
    limiter: SharedRateLimiter, store: FragileStore
) -> None:
    store.fails = True
    with pytest.raises(StoreUnavailableError):
        await limiter.peek("a")
    with pytest.raises(StoreUnavailableError):
        await limiter.reset("a")
