"""The bus over Redis publish/subscribe."""

import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from uuid import uuid4

from prismiq.adapters.redis.command import as_bytes
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.subscription import Subscription
from prismiq.ports.invalidation_bus import InvalidationBus


class RedisInvalidationBus(InvalidationBus):
    """One channel. Works on a Cluster, whose servers pass messages on to each other.

    Args:
        connection: shared; who made it closes it.
        topic: what the messages are about; buses with different topics do not hear each other.
        prefix: of the channel.
    """

    def __init__(
        self, connection: RedisConnection, *, topic: str = "tables", prefix: str = "prismiq:"
    ) -> None:
        self._connection = connection
        self._channel = as_bytes(f"{prefix}bus:{topic}")
        self._sender = uuid4().hex

    async def publish(self, names: Collection[str]) -> None:
        message = json.dumps([self._sender, *names]).encode()
        await self._connection.run(lambda redis: redis.publish(self._channel, message))

    @asynccontextmanager
    async def listen(
        self, on_names: Callable[[frozenset[str]], None], on_gap: Callable[[], None]
    ) -> AsyncIterator[None]:
        def on_message(message: bytes) -> None:
            names = self._names_of_others(message)
            if names is None:
                on_gap()  # somebody said something that cannot be read
            elif names:
                on_names(names)

        subscription = Subscription(self._connection, self._channel, on_message, on_gap)
        subscription.start()
        try:
            yield
        finally:
            await subscription.stop()

    def _names_of_others(self, message: bytes) -> frozenset[str] | None:
        try:
            sender, *names = json.loads(message)
            return frozenset() if sender == self._sender else frozenset(map(str, names))
        except (TypeError, ValueError):
            return None
