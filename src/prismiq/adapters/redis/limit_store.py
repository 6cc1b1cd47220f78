"""Buckets of rate-limited clients in Redis, for all processes."""

from hashlib import sha1, sha256
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError, RedisError

from prismiq.adapters.redis.limit_script import TAKE
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import Decision, RateLimitConfig
from prismiq.ports.limit_store import LimitStore

_TAKE_SHA = sha1(TAKE.encode(), usedforsecurity=False).hexdigest()
_LONGEST_CLIENT = 128


class RedisLimitStore(LimitStore):
    """The buckets of one policy's clients: one key per client, one round trip per decision.

    A decision is one script that runs on the server's clock. It needs Redis 6.2 or later, works on
    a Redis Cluster, and is sent again to a server that has lost it. Stores with the same prefix
    share their buckets, also if their limits differ: a bucket keeps which part of it is used.

    Args:
        redis: a client of any kind; who made it closes it. Let it not retry: the limiter has a
            deadline.
        limits: of the policy.
        prefix: of the keys; each policy needs its own.
    """

    def __init__(
        self,
        redis: Redis | RedisCluster,
        limits: RateLimitConfig,
        *,
        prefix: str = "prismiq:limits:default",
    ) -> None:
        self._redis = redis
        self._limits = limits
        self._prefix = prefix
        self._arguments = (limits.burst_limit, limits.requests_per_minute, limits.requests_per_hour)

    @property
    def limits(self) -> RateLimitConfig:
        return self._limits

    async def take(self, client: str, cost: int) -> Decision:
        arguments = (1, self._key(client), *self._arguments, cost)
        try:
            answer = await self._run(arguments)
        except (RedisError, OSError) as error:
            raise StoreUnavailableError from error
        fits, now, burst, rest_1, minute, rest_2, hour, rest_3 = map(int, answer)
        burst_limit, minute_limit, hour_limit = self._arguments
        buckets = (
            burst * burst_limit + rest_1,
            minute * minute_limit + rest_2,
            hour * hour_limit + rest_3,
        )
        return Decision(bool(fits), self._limits, buckets, now, cost)

    async def peek(self, client: str) -> Decision:
        return await self.take(client, 0)

    async def reset(self, client: str) -> None:
        try:
            await self._redis.delete(self._key(client))
        except (RedisError, OSError) as error:
            raise StoreUnavailableError from error

    async def _run(self, arguments: tuple[Any, ...]) -> Any:
        # Not pipelined and not register_script: this is one round trip, and two after a flush.
        try:
            return await self._redis.execute_command("EVALSHA", _TAKE_SHA, *arguments)
        except NoScriptError:
            return await self._redis.execute_command("EVAL", TAKE, *arguments)

    def _key(self, client: str) -> str:
        if len(client) > _LONGEST_CLIENT or not client.isascii():
            client = "sha256:" + sha256(client.encode(errors="surrogatepass")).hexdigest()
        return f"{self._prefix}:{client}"
