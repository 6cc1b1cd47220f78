"""Limiting how often clients may ask."""

from typing import Any

from prismiq.domain.model.rate_limits import Decision, RateLimitConfig, Verdict
from prismiq.domain.rules.limit_headers import limit_headers
from prismiq.domain.rules.wall_time import unix_microseconds
from prismiq.ports.clock import Clock
from prismiq.ports.instant_limit_store import InstantLimitStore


class RateLimiter:
    """Token buckets of one policy in this process. No call waits.

    Args:
        store: keeps the buckets.
        clock: its wall time is that of ``X-RateLimit-Reset``.
        name: of the policy, in problem documents and metrics.
    """

    def __init__(self, store: InstantLimitStore, clock: Clock, *, name: str = "default") -> None:
        self._store = store
        self._take = store.take
        self._limits = store.limits
        self._clock = clock
        self.name = name

    @property
    def limits(self) -> RateLimitConfig:
        """The policy's limits."""
        return self._limits

    def decide(self, client_id: str, cost: int = 1) -> Decision:
        """Decide about a request of a client, and charge it if it fits.

        Args:
            client_id: who asks.
            cost: how much the request counts, at least 1. One that costs more than an idle client
                has is charged all of that: it must be possible to make it at some time.
        """
        if cost != 1:
            cost = payable(cost, self._limits)
        return self._take(client_id, cost)

    def check_rate_limit(self, client_id: str, cost: int = 1) -> tuple[bool, dict[str, Any]]:
        """Decide as ``decide`` does, and return whether the request fits and its header fields."""
        decision = self.decide(client_id, cost)
        return decision.allowed, self.headers(decision)

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """Return the header fields that go with a verdict of now."""
        return limit_headers(verdict, unix_microseconds(self._clock.now()))

    def peek(self, client_id: str) -> Decision:
        """Return how a client stands, charging nothing."""
        return self._store.peek(client_id)

    def reset(self, client_id: str) -> None:
        """Forget what a client owes."""
        self._store.reset(client_id)


def payable(cost: int, limits: RateLimitConfig) -> int:
    """Return the cost, or what an idle client has if that is less.

    Raises:
        ValueError: the cost is below 1.
    """
    if cost == 1:
        return 1
    if cost < 1:
        raise ValueError("a request costs at least 1")
    return min(cost, limits.largest_cost)
