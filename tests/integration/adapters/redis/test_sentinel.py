"""A master is found through a sentinel, and the next one when it was replaced; limits go on."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from tests.integration.adapters.redis.conftest import FreePort
from tests.integration.conftest import StartRedis, redis_program

from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.adapters.redis.probe import RedisStoreProbe
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import RateLimitConfig

MASTER = ("--bind", "127.0.0.1", "--requirepass", "secret", "--port")


@pytest.fixture
def sentinel_port(free_port: FreePort, server_dir: Path) -> Iterator[int]:
    """The port of a sentinel that watches nothing yet."""
    port, state = free_port(), server_dir / "sentinel.conf"
    state.write_text(f"port {port}\nbind 127.0.0.1\ndir {server_dir}\n")
    process = subprocess.Popen(
        [redis_program(server_dir), state, "--sentinel"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert any("Sentinel ID is" in line for line in process.stdout or ())
        yield port
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def sentinel(sentinel_port: int) -> Iterator[Any]:
    with Redis(port=sentinel_port, decode_responses=True) as client:
        yield client


async def test_the_master_is_found_and_found_again(
    sentinel: Any, sentinel_port: int, start_redis: StartRedis, free_port: FreePort
) -> None:
    first, second = free_port(), free_port()
    master = start_redis(*MASTER, str(first))
    sentinel.execute_command("SENTINEL", "MONITOR", "main", "127.0.0.1", first, 1)
    url = f"redis+sentinel://:secret@127.0.0.1:{free_port()},127.0.0.1:{sentinel_port}/main/2"
    connection = RedisConnection.to(url, deadline=3.0)
    cache = RedisCache(connection)
    limits = RedisLimitStore(connection, RateLimitConfig())
    await connection.connect()
    assert [(await limits.take("a", 10)).allowed for _ in range(2)] == [True, False]
    probe = RedisStoreProbe(url, timeout=5)
    assert await probe.check()
    await cache.set("key", "in the first")
    with Redis(port=first, password="secret", db=2) as plain:
        assert plain.get("prismiq:entry:key") is not None

    master.process.kill()
    with pytest.raises(StoreUnavailableError):
        await cache.get("key")
    with pytest.raises(StoreUnavailableError):
        await limits.take("a", 1)
    with pytest.raises(StoreUnavailableError):
        await probe.check()
    start_redis(*MASTER, str(second))
    sentinel.execute_command("SENTINEL", "REMOVE", "main")
    sentinel.execute_command("SENTINEL", "MONITOR", "main", "127.0.0.1", second, 1)
    async with asyncio.timeout(5):
        await connection.available()
    assert await probe.check()
    assert await cache.get("key") is None
    # The new master was never sent the script.
    assert [(await limits.take("a", 10)).allowed for _ in range(2)] == [True, False]
    await cache.set("key", "in the second")
    await connection.disconnect()
