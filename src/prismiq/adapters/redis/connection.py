"""The way to a Redis that several adapters share."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.client import NEVER_DECODE
from redis.exceptions import (
    AuthenticationError,
    ClusterError,
    MaxConnectionsError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from prismiq.adapters.redis.auto_pipeline import CONNECTIONS, AutoPipeline
from prismiq.adapters.redis.circuit import Circuit
from prismiq.adapters.redis.clients import RedisClient, client_for
from prismiq.adapters.redis.command import Command
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.ports.store_availability import StoreAvailability

Answer = TypeVar("Answer")

DRIVER_ERRORS = (RedisError, RedisClusterException, OSError)  # TimeoutError is an OSError
_CONNECTIONS = 32
_VALUES_TOGETHER = 8
"""Values of some megabytes each still come within the deadline."""
_SPARE_CONNECTIONS = 8
"""For subscriptions, which keep theirs."""


class RedisConnection(StoreAvailability):
    """A bounded number of connections, a deadline for every call, and a circuit breaker.

    It is usable at once and connects when it is first needed. What a call raises is always
    ``StoreUnavailableError``: after the deadline at the latest, and without waiting when the store
    is known to be away. Recovery needs nobody's help. A server that refuses a command (no memory,
    no right) is not away.

    Args:
        client: a client without retries, as ``client_for`` makes them.
        deadline: seconds within which a call must be answered, connecting included.
        connect_timeout: seconds to connect when nobody is waiting.
    """

    def __init__(
        self, client: RedisClient, *, deadline: float = 0.1, connect_timeout: float = 1.0
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._connect_timeout = connect_timeout
        self._slots = asyncio.Semaphore(_CONNECTIONS)
        self._circuit = Circuit(self._probe, self._changed)
        self._watchers: list[Callable[[bool], None]] = []
        self._commands = self._values = None
        if isinstance(client, Redis):
            pool = client.connection_pool
            self._commands = AutoPipeline(pool, deadline, self._failure)
            self._values = AutoPipeline(
                pool, deadline, self._failure, most_together=_VALUES_TOGETHER
            )

    @classmethod
    def to(
        cls, redis_url: str, *, deadline: float = 0.1, connect_timeout: float = 1.0
    ) -> "RedisConnection":
        """Return the connection to a URL; see ``client_for`` for its forms.

        Raises:
            ConfigurationError: the URL is not valid.
        """
        client = client_for(
            redis_url,
            connect_timeout=connect_timeout,
            max_connections=_CONNECTIONS + 2 * CONNECTIONS + _SPARE_CONNECTIONS,
        )
        return cls(client, deadline=deadline, connect_timeout=connect_timeout)

    @property
    def client(self) -> RedisClient:
        """The driver's client, for those who have deadlines of their own."""
        return self._client

    @property
    def connect_timeout(self) -> float:
        """Seconds to connect when nobody is waiting."""
        return self._connect_timeout

    @property
    def is_available(self) -> bool:
        return not self._circuit.is_open

    def watch(self, on_change: Callable[[bool], None]) -> None:
        self._watchers.append(on_change)

    async def available(self) -> None:
        await self._circuit.closed()

    async def connect(self) -> None:
        """Make sure that the store answers.

        Raises:
            StoreUnavailableError: it does not. Recovery has begun; there is no need to call again.
        """
        try:
            await self._probe()
        except DRIVER_ERRORS as error:
            self._circuit.open()
            raise translated(error) from error
        self._circuit.reset()

    async def disconnect(self) -> None:
        """Close all connections. Calls are refused until ``connect``."""
        await self._circuit.stop()
        for pipeline in self._pipelines:
            await pipeline.close()
        await self._client.aclose()
        pool = getattr(self._client, "connection_pool", None)
        if isinstance(pool, SentinelConnectionPool):
            await pool.sentinel_manager.aclose()

    async def ask(self, command: Command, *given: bytes) -> Any:
        """Return the reply to one short command, within the deadline; texts in it are bytes.

        Where there is one server it costs about half of what it costs to ``run`` the same, and
        what is asked at the same time is sent at the same time: see ``AutoPipeline``. A Cluster
        is asked through the driver, which knows where a key is.

        Raises:
            StoreUnavailableError: the store does not answer, or it refused the command.
        """
        return await self._ask(self._commands, command, given)

    async def fetch(self, command: Command, *given: bytes) -> Any:
        """Return the reply as ``ask`` does, for a command that reads a value, maybe a large one.

        It does not hold up those who ``ask``, and few others who ``fetch``.
        """
        return await self._ask(self._values, command, given)

    async def _ask(
        self, pipeline: AutoPipeline | None, command: Command, given: tuple[bytes, ...]
    ) -> Any:
        if pipeline is None:
            return await self.run(
                lambda client: client.execute_command(
                    *command.arguments(*given), **{NEVER_DECODE: True}
                )
            )
        if self._circuit.is_open:
            raise StoreUnavailableError
        return await pipeline.ask(command.packed(*given))

    async def run(
        self, work: Callable[[Any], Awaitable[Answer]], *, seconds: float | None = None
    ) -> Answer:
        """Return what ``work`` makes of the client, within the deadline or the given seconds.

        The wait for a free connection does not count: it is our own queue, and it is short, since
        each of those before has a deadline.

        Raises:
            StoreUnavailableError: the store does not answer, or it refused a command.
        """
        async with self._slots:
            if self._circuit.is_open:
                raise StoreUnavailableError
            try:
                async with asyncio.timeout(self._deadline if seconds is None else seconds):
                    return await work(self._client)
            except DRIVER_ERRORS as error:
                raise self._failure(error) from error

    def _failure(self, error: Exception) -> StoreUnavailableError:
        if _means_it_is_away(error):
            self._circuit.open()
        return translated(error)

    def _changed(self, is_available: bool) -> None:  # noqa: FBT001 - the circuit calls it
        if not is_available:
            for pipeline in self._pipelines:
                pipeline.refuse_waiting()
        for on_change in self._watchers:
            on_change(is_available)

    @property
    def _pipelines(self) -> Iterator[AutoPipeline]:
        return filter(None, (self._commands, self._values))

    async def _probe(self) -> None:
        if self._circuit.is_open:  # else somebody may be about to use what seems to be idle
            await self._drop_idle()
        async with asyncio.timeout(self._connect_timeout):
            await self._ping()
        async with asyncio.timeout(self._deadline):
            await self._ping()

    async def _ping(self) -> None:
        if isinstance(self._client, RedisCluster):
            await self._client.execute_command("PING", target_nodes=RedisCluster.PRIMARIES)
        else:
            await self._client.ping()

    async def _drop_idle(self) -> None:
        """Close connections that nobody uses: each of them may lead to a server that is gone."""
        if isinstance(self._client, RedisCluster):
            for node in self._client.get_nodes():
                await node.disconnect_free_connections()
        else:
            for pipeline in self._pipelines:
                await pipeline.drop_idle()
            await self._client.connection_pool.disconnect(inuse_connections=False)


def translated(error: Exception) -> StoreUnavailableError:
    """Return the error for callers; it says nothing of addresses and logins."""
    if isinstance(error, AuthenticationError) or isinstance(error.__cause__, AuthenticationError):
        return StoreUnavailableError(
            "The shared store refused the login: check user and password in the Redis URL."
        )
    if isinstance(error, ResponseError) and not _means_it_is_away(error):
        return StoreUnavailableError("The shared store refused a command.")
    return StoreUnavailableError()


def _means_it_is_away(error: Exception) -> bool:
    if isinstance(error, ResponseError):
        # A replica that was the master until now: only new connections find the new one. Up to
        # Redis 6.2 what a script is refused is told within an error about the script.
        return isinstance(error, ClusterError | ReadOnlyError) or "-READONLY " in str(error)
    return not isinstance(error, MaxConnectionsError)
