"""A limit store for services and middleware that ask for one over a network."""

import asyncio

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import Decision, RateLimitConfig
from prismiq.ports.clock import Clock
from prismiq.ports.limit_store import LimitStore


class RemoteLimitStore(LimitStore):
    """The store in memory, asked as Redis is; it may be gone."""

    def __init__(self, limits: RateLimitConfig, clock: Clock, *, gone: bool = False) -> None:
        self._store = InMemoryLimitStore(limits, clock)
        self._gone = gone

    @property
    def limits(self) -> RateLimitConfig:
        return self._store.limits

    async def take(self, client: str, cost: int) -> Decision:
        await asyncio.sleep(0)
        if self._gone:
            raise StoreUnavailableError
        return self._store.take(client, cost)

    async def peek(self, client: str) -> Decision:
        return self._store.peek(client)

    async def reset(self, client: str) -> None:
        self._store.reset(client)
