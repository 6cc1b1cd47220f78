"""Hearing what is published in Redis, through outages."""

import asyncio
from collections.abc import Callable
from typing import Any

from redis.asyncio import RedisCluster

from prismiq.adapters.redis.connection import DRIVER_ERRORS, RedisConnection

_HEARTBEAT = 1.0
"""Seconds of silence after which the server is asked whether it is still there."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class Subscription:
    """Calls back for every message between ``start`` and ``stop``.

    A connection that is lost or went silent is replaced by itself.

    Args:
        connection: tells the client and how long connecting may take.
        channel: the one to listen to.
        on_message: is given each message.
        on_connected: is called whenever a subscription stands: what was published before it may
            be lost.
        on_lost: is called whenever the connection was lost, or could not be made.
    """

    def __init__(
        self,
        connection: RedisConnection,
        channel: bytes,
        on_message: Callable[[bytes], None],
        on_connected: Callable[[], None],
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._on_message = on_message
        self._on_connected = on_connected
        self._on_lost = on_lost
        self._pause = _FIRST_PAUSE
        self._listener: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect and to listen, without waiting."""
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening and give the connection back."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except DRIVER_ERRORS:
                self._on_lost()
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _listen_once(self) -> None:
        client: Any = self._connection.client
        patience = self._connection.connect_timeout
        if isinstance(client, RedisCluster):
            async with asyncio.timeout(patience):
                await client.initialize()
        listener = client.pubsub()
        try:
            async with asyncio.timeout(patience):
                await listener.subscribe(self._channel)
                while await listener.get_message(timeout=patience) is None:
                    continue
            self._pause = _FIRST_PAUSE
            self._on_connected()
            while True:
                message = await _next_message(listener, patience)
                if message["type"] == "message":
                    self._on_message(message["data"])
        finally:
            await listener.aclose()


async def _next_message(listener: Any, patience: float) -> dict[str, Any]:
    # The driver reconnects when it reads an error, without any deadline of its own.
    async with asyncio.timeout(_HEARTBEAT + patience):
        message = await listener.get_message(timeout=_HEARTBEAT)
    if message is None:
        async with asyncio.timeout(patience):
            await listener.ping()
            while message is None:
                message = await listener.get_message(timeout=patience)
    return dict(message)
