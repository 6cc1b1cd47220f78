"""A denial that is remembered is exact: the store, if it were asked, would deny as well."""

import random
from typing import Any

import pytest

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.rate_limits import Decision, RateLimitConfig
from prismiq.domain.rules.token_bucket import take
from prismiq.domain.services.outage_policies import closed_policy
from prismiq.domain.services.rate_limiter import payable
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter
from prismiq.ports.limit_store import LimitStore

REQUESTS = 25_000


class SlowStore(LimitStore):
    """Decides some time between the question and the answer, which takes a while."""

    def __init__(self, limits: RateLimitConfig, clock: Any, chance: random.Random) -> None:
        self.inside = InMemoryLimitStore(limits, clock)
        self.asked = 0
        self._clock = clock
        self._chance = chance

    @property
    def limits(self) -> RateLimitConfig:
        return self.inside.limits

    async def take(self, client: str, cost: int) -> Decision:
        self.asked += 1
        self._travel()
        decision = self.inside.take(client, cost)
        self._travel()
        return decision

    async def peek(self, client: str) -> Decision:
        return self.inside.peek(client)

    async def reset(self, client: str) -> None:
        self.inside.reset(client)

    def _travel(self) -> None:
        self._clock.advance(self._chance.choice([0, 0.0005, 0.02, 0.09]) * self._chance.random())


@pytest.mark.parametrize(
    "limits",
    [
        RateLimitConfig(),
        RateLimitConfig(burst_limit=7, requests_per_minute=61, requests_per_hour=997),
        RateLimitConfig(burst_limit=50, requests_per_minute=600, requests_per_hour=30_000),
    ],
    ids=repr,
)
async def test_two_processes_remember_nothing_that_is_not_so(
    limits: RateLimitConfig, clock: Any
) -> None:
    chance = random.Random(repr(limits))
    store = SlowStore(limits, clock, chance)
    processes = [SharedRateLimiter(store, clock, closed_policy(limits)) for _ in range(2)]
    pace = 3_600 / limits.requests_per_hour
    remembered = 0
    for _ in range(REQUESTS):
        clock.advance(pace * chance.choice([0, 0, 0, 1e-6, 0.05, 0.5, 2]) * chance.random())
        limiter = chance.choice(processes)
        client = chance.choice("aab")
        cost = payable(chance.choice([1, 1, 2, 9]), limits)
        asked = store.asked
        decision = await limiter.decide(client, cost)
        if store.asked == asked:
            remembered += 1
            now = store.inside.peek(client)
            assert not decision.allowed
            assert not take(limits, now.buckets, now.now, cost)[1].allowed
        if not decision.allowed and chance.random() < 0.1:
            clock.advance(int(limiter.headers(decision)["Retry-After"]))
            others = chance.choice(processes)
            assert (await others.decide(client, cost)).allowed
    assert remembered > 500
