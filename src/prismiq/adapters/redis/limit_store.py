"""Buckets of rate-limited clients in Redis, for all processes."""

from hashlib import sha256

from prismiq.adapters.redis.command import as_bytes
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_script import TAKE
from prismiq.adapters.redis.script import Script
from prismiq.domain.model.rate_limits import SECOND, Decision, RateLimitConfig
from prismiq.ports.limit_store import LimitStore

_TAKE = Script(TAKE)
_LONGEST_CLIENT = 128


class RedisLimitStore(LimitStore):
    """The buckets of one policy's clients: one key per client, one round trip per decision.

    A decision is one script that runs on the server's clock. It needs Redis 6.2 or later, works on
    a Redis Cluster, and is sent again to a server that has lost it. Stores with the same prefix
    share their buckets, also if their limits differ: a bucket keeps which part of it is used.

    Args:
        connection: to the store; its deadline is that of a decision.
        limits: of the policy.
        prefix: of the keys; each policy needs its own.
    """

    def __init__(
        self,
        connection: RedisConnection,
        limits: RateLimitConfig,
        *,
        prefix: str = "prismiq:limits:default:",
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._prefix = as_bytes(prefix)
        self._numbers = (limits.burst_limit, limits.requests_per_minute, limits.requests_per_hour)
        self._take = _TAKE.call(1, None, *self._numbers, None)

    @property
    def limits(self) -> RateLimitConfig:
        return self._limits

    async def take(self, client: str, cost: int) -> Decision:
        answer = await self._take.run(self._connection, self._key(client), b"%d" % cost)
        fits, seconds, microseconds, burst, minute_later, hour_later, *rests = map(
            int, answer.split()
        )
        burst_limit, minute_limit, hour_limit = self._numbers
        buckets = (
            burst * burst_limit + rests[0],
            (burst + minute_later) * minute_limit + rests[1],
            (burst + hour_later) * hour_limit + rests[2],
        )
        now = seconds * SECOND + microseconds
        return Decision(fits == 1, self._limits, buckets, now, cost)

    async def peek(self, client: str) -> Decision:
        return await self.take(client, 0)

    async def reset(self, client: str) -> None:
        await self._connection.run(lambda redis: redis.delete(self._key(client)))

    def _key(self, client: str) -> bytes:
        name = as_bytes(client)
        if len(name) > _LONGEST_CLIENT:
            name = b"sha256:" + sha256(name).hexdigest().encode()
        return self._prefix + name
