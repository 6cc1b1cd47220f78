"""The Redis probe against real servers, well and unwell."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.adapters.redis.conftest import FreePort

from prismiq.adapters.redis.probe import RedisStoreProbe
from prismiq.domain.model.errors import StoreUnavailableError


async def refusal_of(url: str, **options: Any) -> str:
    with pytest.raises(StoreUnavailableError) as caught:
        await RedisStoreProbe(url, **options).check()
    return caught.value.message


async def test_it_tells_the_version(redis_url: str) -> None:
    version = await RedisStoreProbe(redis_url).check()
    assert int(version.split(".")[0]) >= 6


async def test_a_cluster_tells_it_too(cluster_url: str) -> None:
    version = await RedisStoreProbe(cluster_url, timeout=5).check()
    assert int(version.split(".")[0]) >= 6


async def test_a_cluster_that_is_not_there(free_port: FreePort) -> None:
    await refusal_of(f"redis+cluster://:S3cret@127.0.0.1:{free_port()}")


async def test_the_older_protocol_tells_it_too(redis_url: str) -> None:
    assert await RedisStoreProbe(f"{redis_url}?protocol=2").check()


async def test_an_account_without_rights_to_commands_can_probe(
    start_redis: Callable[..., Any],
) -> None:
    server = start_redis("--user", "reader", "on", ">S3cret", "~*", "+get")
    url = server.url.replace("unix://", "unix://reader:S3cret@")
    assert await RedisStoreProbe(url).check()


async def test_a_wrong_password_is_refused_and_not_repeated(
    start_redis: Callable[..., Any],
) -> None:
    server = start_redis("--requirepass", "S3cret")
    assert await RedisStoreProbe(server.url.replace("unix://", "unix://:S3cret@")).check()
    for url in (server.url, server.url.replace("unix://", "unix://:Wr0ng@")):
        message = await refusal_of(url)
        assert "refused the login" in message
        assert "Wr0ng" not in message


async def test_nothing_at_the_address(server_dir: Path) -> None:
    assert "redis.sock" not in await refusal_of(f"unix://:S3cret@{server_dir}/redis.sock")
    await refusal_of("redis://:S3cret@localhost:1/0")


async def test_a_frozen_server_is_reported_in_time_and_comes_back(
    start_redis: Callable[..., Any],
) -> None:
    server = start_redis()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(5):
            await refusal_of(server.url, timeout=0.2)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert await RedisStoreProbe(server.url).check()


async def test_something_else_at_the_address_is_unavailable(server_dir: Path) -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    path = server_dir / "other.sock"
    async with await asyncio.start_unix_server(babble, path):
        await refusal_of(f"unix://{path}")
