"""Limiting how often clients may ask, together with other processes."""

import asyncio
from typing import Any

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import Decision, RateLimitConfig, Verdict
from prismiq.domain.rules.limit_headers import limit_headers
from prismiq.domain.rules.wall_time import unix_microseconds
from prismiq.domain.services.circuit_breaker import CircuitBreaker
from prismiq.domain.services.denied_clients import DeniedClients
from prismiq.domain.services.outage_policies import OutagePolicy
from prismiq.domain.services.rate_limiter import payable
from prismiq.ports.clock import Clock
from prismiq.ports.limit_store import LimitStore


class SharedRateLimiter:
    """Token buckets of one policy in a store that processes share.

    A request waits for the store for ``deadline`` seconds at most. A store that fails repeatedly is
    left alone but for one attempt a second, which no request waits for; meanwhile the outage
    policy decides.

    Args:
        store: keeps the buckets.
        clock: monotonic time for denials and pauses, wall time for ``X-RateLimit-Reset``.
        outage: decides while the store cannot be reached.
        name: of the policy, in problem documents and metrics.
        deadline: seconds.
    """

    def __init__(
        self,
        store: LimitStore,
        clock: Clock,
        outage: OutagePolicy,
        *,
        name: str = "default",
        deadline: float = 0.1,
    ) -> None:
        self._store = store
        self._clock = clock
        self._outage = outage
        self._deadline = deadline
        self._denied = DeniedClients(clock)
        self._breaker = CircuitBreaker(clock)
        self._attempt: asyncio.Task[Decision | None] | None = None
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
        if self._breaker.is_closed:
            decision = await self._ask(client_id, cost)
            if decision is not None:
                return decision
        elif self._is_idle() and self._breaker.may_attempt():
            self._attempt = asyncio.create_task(self._ask(client_id, cost))
        self.outage_decisions += 1
        return self._outage(client_id, cost)

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
            StoreUnavailableError: the store cannot be reached, or not in time.
        """
        try:
            async with asyncio.timeout(self._deadline):
                return await self._store.peek(client_id)
        except TimeoutError:
            raise StoreUnavailableError from None

    async def reset(self, client_id: str) -> None:
        """Forget what a client owes; other processes may refuse it for a second more.

        Raises as ``peek``.
        """
        try:
            async with asyncio.timeout(self._deadline):
                await self._store.reset(client_id)
        except TimeoutError:
            raise StoreUnavailableError from None
        self._denied.forget(client_id)

    async def close(self) -> None:
        """Stop the attempt to reach the store that is under way, if there is one."""
        if self._attempt is not None:
            self._attempt.cancel()
            await asyncio.wait([self._attempt])

    def _is_idle(self) -> bool:
        return self._attempt is None or self._attempt.done()

    async def _ask(self, client_id: str, cost: int) -> Decision | None:
        """Return the store's decision, or None when it cannot be had."""
        asked_at = self._denied.now()
        try:
            async with asyncio.timeout(self._deadline):
                decision = await self._store.take(client_id, cost)
        except (StoreUnavailableError, TimeoutError):
            self._breaker.failed()
            return None
        self._breaker.succeeded()
        if not decision.allowed:
            self._denied.remember(client_id, decision, asked_at)
        return decision
