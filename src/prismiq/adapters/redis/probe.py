"""Asks Redis how it is."""

import asyncio

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError

from prismiq.domain.model.errors import ConfigurationError, StoreUnavailableError
from prismiq.ports.store_probe import StoreProbe


class RedisStoreProbe(StoreProbe):
    """Connects anew for each check: a probe that keeps a connection may miss that none can be made.

    ``timeout`` is in seconds, for connecting and asking together.

    Raises:
        ConfigurationError: the URL is not valid. The message does not repeat it.
    """

    def __init__(self, redis_url: str, *, timeout: float = 1.0) -> None:
        self._url = redis_url
        self._timeout = timeout
        try:
            self._client().connection_pool.make_connection()  # tries the options, connects nothing
        except (ValueError, TypeError, RedisError):
            raise ConfigurationError(
                "The Redis URL is not valid. It looks like redis://:password@host:6379/0;"
                " special characters in the password are percent-encoded."
            ) from None

    async def check(self) -> str:
        try:
            async with asyncio.timeout(self._timeout), self._client() as client:
                server = await client.info("server")
        except AuthenticationError as error:
            raise StoreUnavailableError(
                "The shared store refused the login: check user and password in the Redis URL."
            ) from error
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            raise StoreUnavailableError from error
        return str(server.get("redis_version", "unknown"))

    def _client(self) -> Redis:
        return Redis.from_url(self._url, retry=Retry(NoBackoff(), 0))
