"""Limiting how often clients may ask, together with other processes."""

from typing import Any

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import Decision, RateLimitConfig, Verdict
from prismiq.domain.rules.limit_headers import limit_headers
from prismiq.domain.rules.wall_time import unix_microseconds
from prismiq.domain.services.denied_clients import DeniedClients
from prismiq.domain.services.outage_policies import OutagePolicy
from prismiq.domain.services.rate_limiter import payable
from prismiq.ports.clock import Clock
from prismiq.ports.limit_store import LimitStore


class SharedRateLimiter:
    """Token buckets of one policy in a store that processes share.

    A request waits for the store as long as the store's deadline allows, and not at all while it is
    known to be away; then the outage policy decides.

    Args:
        store: keeps the buckets.
        clock: monotonic time for denials, wall time for ``X-RateLimit-Reset``.
        outage: decides while the store cannot be reached.
        name: of the policy, in problem documents and metrics.
    """

    def __init__(
        self, store: LimitStore, clock: Clock, outage: OutagePolicy, *, name: str = "default"
    ) -> None:
        self._store = store
        self._clock = clock
        self._outage = outage
        self._denied = DeniedClients(clock)
        self.name = name
        self.outage_decisions = 0
        """How many requests the outage policy has decided about."""

    @property
    def limits(self) -> RateLimitConfig:
        """The policy's limits."""
        return self._store.limits

    async def decide(self, client_id: str, cost: int = 1) -> Verdict:
        """Decide about a request of a client; as ``RateLimiter.decide``."""
        cost = payable(cost, self._store.limits)
        if denial := self._denied.find(client_id, cost):
            return denial
        asked_at = self._denied.now()
        try:
            decision = await self._store.take(client_id, cost)
        except StoreUnavailableError:
            self.outage_decisions += 1
            return self._outage(client_id, cost)
        if not decision.allowed:
            self._denied.remember(client_id, decision, asked_at)
        return decision

    async def check_rate_limit(self, client_id: str, cost: int = 1) -> tuple[bool, dict[str, Any]]:
        """Decide as ``decide`` does, and return whether the request fits and its header fields."""
        verdict = await self.decide(client_id, cost)
        return verdict.allowed, self.headers(verdict)

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """Return the header fields that go with a verdict of now."""
        return limit_headers(verdict, unix_microseconds(self._clock.now()))

    async def peek(self, client_id: str) -> Decision:
        """Return how a client stands, charging nothing.

        Raises:
            StoreUnavailableError: the store cannot be reached.
        """
        return await self._store.peek(client_id)

    async def reset(self, client_id: str) -> None:
        """Forget what a client owes; other processes may refuse it for a second more.

        Raises as ``peek``.
        """
        await self._store.reset(client_id)
        self._denied.forget(client_id)
