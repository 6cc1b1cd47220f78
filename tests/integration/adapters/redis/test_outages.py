"""What users of a Redis notice when it is killed, frozen, restarted or emptied: next to nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from statistics import median
from typing import Any, TypeVar

import pytest
from tests.contracts.invalidation_bus import Heard
from tests.integration.adapters.redis.conftest import FreePort, Redis, RedisCluster, frozen

from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.adapters.redis.subscription import Subscription
from prismiq.adapters.redis.table_versions import RedisTableVersions
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import RateLimitConfig

Answer = TypeVar("Answer")

DEADLINE = 0.1
BUSY_MACHINE = 2.0
"""Seconds that other processes of the machine may take from us on top."""

EVERYTHING = RedisTableVersions.EVERYTHING


async def _connected(url: str, deadline: float) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection.to(url, deadline=deadline)
    yield connection
    await connection.disconnect()


@pytest.fixture
async def hasty(redis: Redis) -> AsyncIterator[RedisConnection]:
    """A connection as production has it."""
    async for connection in _connected(redis.url, DEADLINE):
        yield connection


@pytest.fixture
async def connection(redis: Redis) -> AsyncIterator[RedisConnection]:
    """A connection that a busy machine does not disturb."""
    async for connection in _connected(redis.url, 3.0):
        yield connection


async def seconds_of(call: Awaitable[Any]) -> float:
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreUnavailableError):
        await call
    return asyncio.get_running_loop().time() - began


async def recovers(connection: RedisConnection) -> None:
    async with asyncio.timeout(5):
        await connection.available()


async def answer(connection: RedisConnection, call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what a store says that is there; a busy machine may make it miss a deadline."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await call()
            except StoreUnavailableError:
                await connection.available()


async def fill(connection: RedisConnection, cache: RedisCache) -> None:
    for number in range(50):
        await answer(connection, partial(cache.set, str(number), number))


async def spend_outage(cache: RedisCache, connection: RedisConnection) -> None:
    """The first callers wait for one deadline at most, the later ones not at all."""
    first = await asyncio.gather(*(seconds_of(cache.get(str(n))) for n in range(200)))
    assert max(first) < DEADLINE + BUSY_MACHINE
    assert not connection.is_available
    later = [await seconds_of(cache.get(str(n))) for n in range(200)]
    assert median(later) < DEADLINE / 2


async def test_killed_and_restarted(redis: Redis, hasty: RedisConnection) -> None:
    cache = RedisCache(hasty)
    await fill(hasty, cache)
    redis.kill()
    await spend_outage(cache, hasty)
    redis.restart()
    await recovers(hasty)
    await answer(hasty, lambda: cache.set("key", "new"))
    assert await answer(hasty, lambda: cache.get("key")) == "new"


async def test_frozen_and_released(redis: Redis, hasty: RedisConnection) -> None:
    cache = RedisCache(hasty)
    await fill(hasty, cache)
    with redis.frozen():
        await spend_outage(cache, hasty)
        with pytest.raises(StoreUnavailableError):
            await hasty.connect()
    await recovers(hasty)
    assert await answer(hasty, lambda: cache.get("49")) == 49


async def test_away_from_the_start(redis: Redis, hasty: RedisConnection) -> None:
    redis.kill()
    cache = RedisCache(hasty)
    assert await seconds_of(cache.get("key")) < DEADLINE + BUSY_MACHINE
    redis.restart()
    await recovers(hasty)
    assert await answer(hasty, lambda: cache.get("key")) is None


async def test_emptied(connection: RedisConnection) -> None:
    cache, versions = RedisCache(connection), RedisTableVersions(connection)
    lease = RedisComputationLease(connection)
    await cache.set("key", 1)
    before = await versions.read(["t"])
    await versions.count_entry(["t"])
    owner = await lease.acquire("name", 30) or ""
    await connection.client.flushall()
    await connection.client.script_flush()
    assert await cache.get("key") is None
    after = await versions.read(["t"])
    assert not set(before.values()) & set(after.values())
    assert await versions.rotate(["t"]) == 0
    assert not await lease.release("name", owner)
    assert await lease.acquire("name", 30)


async def test_a_server_that_forgets_a_rotation_revives_nothing(
    redis: Redis, connection: RedisConnection
) -> None:
    """It restarts from a snapshot in which the older token is still valid."""
    versions = RedisTableVersions(connection)
    before = await versions.read(["t"])
    await connection.client.save()
    await versions.rotate(["t"])
    redis.kill()
    with pytest.raises(StoreUnavailableError):
        await versions.read(["t"])
    redis.restart()
    await recovers(connection)
    after = await versions.read(["t"])
    assert after["t"] == before["t"]  # forgotten indeed
    assert after[EVERYTHING] != before[EVERYTHING]


async def test_a_listener_is_told_what_it_may_have_missed(
    redis: Redis, connection: RedisConnection
) -> None:
    bus, elsewhere = RedisInvalidationBus(connection), RedisInvalidationBus(connection)
    async with Heard.on(bus) as heard:
        await connection.client.client_kill_filter(_type="pubsub")
        await heard.gap()
        await elsewhere.publish(["heard"])
        assert await heard.next() == {"heard"}
        redis.kill()
        await seconds_of(elsewhere.publish(["lost"]))
        redis.restart()
        await heard.gap()
        await recovers(connection)
        await elsewhere.publish(["heard"])
        assert await heard.next() == {"heard"}


async def test_a_frozen_server_is_noticed_by_who_only_listens(
    redis: Redis, connection: RedisConnection
) -> None:
    connected, lost = asyncio.Queue[None](), asyncio.Event()
    listener = Subscription(
        connection, b"channel", print, lambda: connected.put_nowait(None), on_lost=lost.set
    )
    listener.start()
    async with asyncio.timeout(10):
        await connected.get()
        with redis.frozen():
            await lost.wait()
        await connected.get()
    await listener.stop()


async def test_who_waits_for_a_lease_does_not_wait_for_a_dead_server(
    redis: Redis, connection: RedisConnection
) -> None:
    lease = RedisComputationLease(connection)
    await lease.acquire("name", 600)
    waiting = asyncio.ensure_future(lease.wait("name", 600))
    await listening(connection)
    redis.kill()
    async with asyncio.timeout(5):
        with pytest.raises(StoreUnavailableError):
            await waiting


async def listening(connection: RedisConnection) -> None:
    """Go on when somebody is subscribed to the leases' channel."""
    async with asyncio.timeout(5):
        while not (await connection.client.pubsub_numsub("prismiq:leases"))[0][1]:
            continue


async def test_a_master_that_became_a_replica_is_left(
    connection: RedisConnection, free_port: FreePort
) -> None:
    cache = RedisCache(connection)
    await cache.set("key", 1)
    await connection.client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    await seconds_of(cache.set("key", 2))
    assert not connection.is_available
    await connection.client.execute_command("REPLICAOF", "NO", "ONE")
    await recovers(connection)
    await cache.set("key", 3)
    assert await cache.get("key") == 3


async def test_a_master_that_became_a_replica_is_left_by_scripts_too(
    connection: RedisConnection, free_port: FreePort
) -> None:
    limits = RedisLimitStore(connection, RateLimitConfig())
    await limits.take("client", 1)
    await connection.client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    await seconds_of(limits.take("client", 1))
    assert not connection.is_available
    await connection.client.execute_command("REPLICAOF", "NO", "ONE")
    await recovers(connection)
    assert (await limits.take("client", 1)).allowed


async def test_to_connect_again_disturbs_nobody(connection: RedisConnection) -> None:
    """An application may ask for that whenever it wants to know how it is."""
    cache, is_over = RedisCache(connection), False
    await cache.set("key", 1)

    async def ask(get: Callable[[str], Awaitable[Any]]) -> None:
        while not is_over:
            assert await get("key")

    load = [asyncio.create_task(ask(each)) for each in [cache.get] * 10 + [cache.exists] * 10]
    for _ in range(100):
        await connection.connect()
    is_over = True
    await asyncio.gather(*load)


async def test_one_master_of_a_cluster_is_frozen(cluster: RedisCluster, prefix: str) -> None:
    connection = RedisConnection.to(cluster.url, deadline=DEADLINE)
    cache = RedisCache(connection, prefix=prefix)
    await fill(connection, cache)
    for process in cluster.processes:
        with frozen(process):
            began = asyncio.get_running_loop().time()
            reads = (cache.get(str(n)) for n in range(50))
            answers = await asyncio.gather(*reads, return_exceptions=True)
            assert asyncio.get_running_loop().time() - began < DEADLINE + BUSY_MACHINE
            assert any(isinstance(each, StoreUnavailableError) for each in answers)
            assert not connection.is_available
        await recovers(connection)
        for number in range(50):
            assert await answer(connection, partial(cache.get, str(number))) == number
    await connection.disconnect()
