"""The shared rate limiter as users make it."""

from typing import Any

from pydantic import SecretStr

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.adapters.system.clock import SystemClock
from prismiq.domain.model.rate_limits import OutagePolicyName, RateLimitConfig
from prismiq.domain.services import shared_rate_limiter
from prismiq.domain.services.outage_policies import (
    OutagePolicy,
    closed_policy,
    local_share_policy,
    open_policy,
)
from prismiq.entrypoints.redis_extra import shared_stores
from prismiq.ports.clock import Clock


class SharedRateLimiter(shared_rate_limiter.SharedRateLimiter):
    """Limits clients together with all processes that use the same Redis.

    It is usable as soon as it is made, in one event loop, and finds Redis again by itself.

    Args:
        config: how many requests a client may make.
        redis: the address of the Redis, or an engine's connection to it.
        outage: what becomes of requests while Redis cannot be reached.
        replicas: how many processes share the limits; with ``local_share`` each of them counts
            with such a part of the limits during an outage.
        clock: time; None is the operating system's.
        name: of the policy, in keys, problem documents and metrics. Limiters of one name share
            their buckets.

    Raises:
        ConfigurationError: the address is wrong, or the ``redis`` extra is not installed.
    """

    def __init__(
        self,
        config: RateLimitConfig,
        redis: str | SecretStr | Any,
        *,
        outage: OutagePolicyName | str = OutagePolicyName.LOCAL_SHARE,
        replicas: int = 1,
        clock: Clock | None = None,
        name: str = "default",
    ) -> None:
        stores = shared_stores()
        if isinstance(redis, SecretStr):
            redis = redis.get_secret_value()
        self._connection = stores.connection_to(redis) if isinstance(redis, str) else redis
        clock = clock or SystemClock()
        super().__init__(
            stores.limit_store(self._connection, config, name),
            clock,
            _outage_policy(OutagePolicyName(outage), config, replicas, clock),
            name=name,
        )

    async def close(self) -> None:
        """Close the connections. Where an engine's connection was given, the engine does that."""
        await self._connection.disconnect()


def _outage_policy(
    name: OutagePolicyName, config: RateLimitConfig, replicas: int, clock: Clock
) -> OutagePolicy:
    if name is OutagePolicyName.OPEN:
        return open_policy(config)
    if name is OutagePolicyName.CLOSED:
        return closed_policy(config)
    return local_share_policy(InMemoryLimitStore(config.share(replicas), clock))
