"""Asks Redis how it is."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

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
            self._client().connection_pool.make_connection()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, RedisError):
            raise ConfigurationError(
                "The Redis URL is not valid. It looks like redis://:password@host:6379/0;"
                " special characters in the password are percent-encoded."
            ) from None

    async def check(self) -> str:
        try:
            async with asyncio.timeout(self._timeout), self._client() as client:
                # Not INFO: an account with few rights may be denied that, never its own greeting.
                greeting = await client.execute_command("HELLO")  # type: ignore[no-untyped-call]
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            raise _unavailable(error) from error
        return _version(greeting)

    def _client(self) -> Redis:
        return Redis.from_url(self._url, decode_responses=True, retry=Retry(NoBackoff(), 0))


def _unavailable(error: Exception) -> StoreUnavailableError:
    # Newer drivers wrap the refusal of a login in a connection error.
    if isinstance(error, AuthenticationError) or isinstance(error.__cause__, AuthenticationError):
        return StoreUnavailableError(
            "The shared store refused the login: check user and password in the Redis URL."
        )
    return StoreUnavailableError()


def _version(greeting: Mapping[str, Any] | Sequence[Any]) -> str:
    """Read the version from a greeting: a mapping in RESP 3, flat pairs in RESP 2."""
    if not isinstance(greeting, Mapping):
        greeting = dict(zip(greeting[::2], greeting[1::2], strict=True))
    return str(greeting["version"])
