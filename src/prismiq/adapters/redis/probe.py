"""Asks Redis how it is."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import RedisCluster

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.ports.store_probe import StoreProbe


class RedisStoreProbe(StoreProbe):
    """Connects anew for each check: a probe that keeps a connection may miss that none can be made.

    Args:
        redis_url: see ``client_for`` for its forms.
        timeout: seconds for finding the server, connecting and asking together.

    Raises:
        ConfigurationError: the URL is not valid. The message does not repeat it.
    """

    def __init__(self, redis_url: str, *, timeout: float = 0.75) -> None:
        self._url = redis_url
        self._timeout = timeout
        self._connection()  # refuses a wrong URL

    async def check(self) -> str:
        connection = self._connection()
        try:
            async with asyncio.timeout(self._timeout):
                return _version(await connection.run(_greeting, seconds=self._timeout))
        except TimeoutError:  # while it waited for something else than an answer
            raise StoreUnavailableError from None
        finally:
            await connection.disconnect()

    def _connection(self) -> RedisConnection:
        return RedisConnection.to(self._url, deadline=self._timeout, connect_timeout=self._timeout)


async def _greeting(redis: Any) -> Any:
    # Not INFO: an account with few rights may be denied that, never its own greeting.
    if not isinstance(redis, RedisCluster):
        return await redis.execute_command("HELLO")
    greetings = await redis.execute_command("HELLO", target_nodes=RedisCluster.PRIMARIES)
    return next(iter(greetings.values()))


def _version(greeting: Mapping[bytes, Any] | Sequence[Any]) -> str:
    """Read the version from a greeting: a mapping in RESP 3, flat pairs in RESP 2."""
    if not isinstance(greeting, Mapping):
        greeting = dict(zip(greeting[::2], greeting[1::2], strict=True))
    return str(greeting[b"version"], "ascii", "replace")
