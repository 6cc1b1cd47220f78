"""The lease over Redis: SET NX PX, and a message that wakes those who wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from uuid import uuid4

from prismiq.adapters.redis.command import as_bytes
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.script import Script
from prismiq.adapters.redis.subscription import Subscription
from prismiq.ports.computation_lease import ComputationLease

# KEYS: the lease. ARGV: the owner, then milliseconds or the channel.
_EXTEND = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

_RELEASE = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], KEYS[1])
return 1
""")


_PATIENCE = 0.1
"""Seconds after which who waits looks again: a server that was frozen says nothing."""


class RedisComputationLease(ComputationLease):
    """One key per lease, and one channel on which their ends are announced.

    The process subscribes while somebody waits, once for all waiters. Who waits looks at the key
    after subscribing, after losing the connection, when the lease should have ended, and now and
    then, so that neither a lost message nor an owner or a server that died holds up anybody.

    Args:
        connection: shared; who made it closes it.
        prefix: of keys and channel.
    """

    def __init__(self, connection: RedisConnection, *, prefix: str = "prismiq:") -> None:
        self._connection = connection
        self._prefix = as_bytes(f"{prefix}lease:")
        self._channel = as_bytes(f"{prefix}leases")
        self._waiters: dict[bytes, set[asyncio.Event]] = {}
        self._subscription: Subscription | None = None

    async def acquire(self, name: str, seconds: float) -> str | None:
        key, owner = self._key(name), uuid4().hex
        milliseconds = _milliseconds(seconds)
        won = await self._connection.run(
            lambda redis: redis.set(key, owner, nx=True, px=milliseconds)
        )
        return owner if won else None

    async def extend(self, name: str, owner: str, seconds: float) -> bool:
        arguments = (owner, _milliseconds(seconds))
        return bool(await _EXTEND.run(self._connection, [self._key(name)], *arguments))

    async def release(self, name: str, owner: str) -> bool:
        arguments = (owner, self._channel)
        return bool(await _RELEASE.run(self._connection, [self._key(name)], *arguments))

    async def wait(self, name: str, seconds: float) -> bool:
        key = self._key(name)
        if await self._seconds_left(key) <= 0:
            return True
        try:
            async with asyncio.timeout(seconds), self._waiting(key) as woken:
                while (left := await self._seconds_left(key)) > 0:
                    await _any_of(woken, min(left, _PATIENCE))
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def _waiting(self, key: bytes) -> AsyncIterator[asyncio.Event]:
        woken = asyncio.Event()
        self._waiters.setdefault(key, set()).add(woken)
        if self._subscription is None:
            # Who waits looks at the key when the connection stands, and when it is lost.
            look = self._wake_all
            self._subscription = Subscription(
                self._connection, self._channel, self._wake, look, look
            )
            self._subscription.start()
        try:
            yield woken
        finally:
            self._waiters[key].discard(woken)
            if not self._waiters[key]:
                del self._waiters[key]
            if not self._waiters:
                subscription, self._subscription = self._subscription, None
                await subscription.stop()

    def _wake(self, key: bytes) -> None:
        for woken in self._waiters.get(key, ()):
            woken.set()

    def _wake_all(self) -> None:
        for key in self._waiters:
            self._wake(key)

    async def _seconds_left(self, key: bytes) -> float:
        return float(await self._connection.run(lambda redis: redis.pttl(key))) / 1000

    def _key(self, name: str) -> bytes:
        return self._prefix + as_bytes(name)


async def _any_of(woken: asyncio.Event, seconds: float) -> None:
    """Wait for the event or the seconds, and make the event ready for the next time."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return
    woken.clear()


def _milliseconds(seconds: float) -> int:
    return max(ceil(seconds * 1000), 1)
