"""Operators see all policies of a client, and forgive in all of them."""

from typing import Any

import pytest
from tests.unit.remote_limit_store import RemoteLimitStore

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.services.client_limits import ClientLimits
from prismiq.domain.services.outage_policies import open_policy
from prismiq.domain.services.rate_limiter import RateLimiter
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter

SPEC = RateLimitConfig()
HEAVY = RateLimitConfig(burst_limit=1)


@pytest.fixture
def limiters(clock: Any) -> tuple[RateLimiter, SharedRateLimiter]:
    return (
        RateLimiter(InMemoryLimitStore(SPEC, clock), clock),
        SharedRateLimiter(RemoteLimitStore(HEAVY, clock), clock, open_policy(HEAVY), name="heavy"),
    )


async def test_looking_charges_nothing_and_forgiving_forgives_everywhere(
    limiters: tuple[RateLimiter, SharedRateLimiter],
) -> None:
    own, shared = limiters
    clients = ClientLimits(limiters)
    untouched = await clients.peek("a")
    own.decide("a", 3)
    await shared.decide("a")
    assert not (await shared.decide("a")).allowed
    seen = await clients.peek("a")
    assert list(seen) == ["default", "heavy"]
    assert seen == await clients.peek("a")
    assert seen["default"].buckets != untouched["default"].buckets
    await clients.reset("a")
    assert own.decide("a", 10).allowed
    assert (await shared.decide("a")).allowed


def test_policies_need_names_of_their_own(limiters: Any) -> None:
    with pytest.raises(ValueError, match="names of their own"):
        ClientLimits([limiters[0], limiters[0]])
