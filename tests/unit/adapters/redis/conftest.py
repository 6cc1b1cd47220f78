"""A Redis in this process, and time that passes in it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import fakeredis
import pytest
from tests.contracts.redis_time import pass_time_in

from prismiq.adapters.redis.connection import RedisConnection


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


async def _connected(server: fakeredis.FakeServer) -> AsyncIterator[RedisConnection]:
    # Without the driver's own deadlines, as ``client_for`` makes clients.
    client = fakeredis.FakeAsyncRedis(server=server, socket_timeout=None)
    connection = RedisConnection(client, deadline=2.0)
    yield connection
    await connection.disconnect()


@pytest.fixture
async def connection(server: fakeredis.FakeServer) -> AsyncIterator[RedisConnection]:
    async for connection in _connected(server):
        yield connection


@pytest.fixture
async def elsewhere_connection(server: fakeredis.FakeServer) -> AsyncIterator[RedisConnection]:
    async for connection in _connected(server):
        yield connection


@pytest.fixture
def pass_time(connection: RedisConnection) -> Callable[[float], Awaitable[None]]:
    return pass_time_in(connection.client)
