import asyncio
from typing import Any

import fakeredis
import pytest
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    MaxConnectionsError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
)
from redis.exceptions import ConnectionError as LostConnectionError

from prismiq.adapters.redis.command import Command
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.domain.model.errors import StoreUnavailableError


def raising(error: Exception) -> Any:
    async def work(_redis: Any) -> None:
        raise error

    return work


async def never(_redis: Any) -> None:
    await asyncio.Event().wait()


async def ping(redis: Any) -> Any:
    return await redis.ping()


PING, UNKNOWN = Command("PING"), Command("NONSENSE")


async def available(connection: RedisConnection) -> None:
    async with asyncio.timeout(5):
        await connection.available()


@pytest.mark.parametrize(
    "error",
    [
        LostConnectionError("Error 111 connecting to S3cret"),
        ConnectionResetError("S3cret"),
        RedisClusterException("S3cret"),
        ClusterDownError("S3cret"),
        ReadOnlyError("S3cret"),
    ],
)
async def test_a_lost_store_is_not_asked_until_it_answers(
    connection: RedisConnection, error: Exception
) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        await connection.run(raising(error))
    assert "S3cret" not in str(caught.value)
    assert not connection.is_available
    with pytest.raises(StoreUnavailableError):
        await connection.run(never)  # not even called: it would take for ever
    await available(connection)
    assert await connection.run(ping)


@pytest.mark.parametrize(
    "error", [OutOfMemoryError("x"), ResponseError("NOPERM"), MaxConnectionsError("x")]
)
async def test_a_refused_command_does_not_mean_that_the_store_is_away(
    connection: RedisConnection, error: Exception
) -> None:
    with pytest.raises(StoreUnavailableError):
        await connection.run(raising(error))
    assert connection.is_available


async def test_a_refused_login_says_so(connection: RedisConnection) -> None:
    with pytest.raises(StoreUnavailableError, match="refused the login"):
        await connection.run(raising(AuthenticationError("S3cret")))
    wrapped = LostConnectionError("S3cret")
    wrapped.__cause__ = AuthenticationError("S3cret")
    await available(connection)
    with pytest.raises(StoreUnavailableError, match="refused the login"):
        await connection.run(raising(wrapped))


async def test_a_silent_store_costs_one_deadline_for_all_who_wait(
    server: fakeredis.FakeServer,
) -> None:
    connection = RedisConnection(fakeredis.FakeAsyncRedis(server=server), deadline=0.05)
    began = asyncio.get_running_loop().time()
    calls = [connection.run(never) for _ in range(1_000)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailableError}
    assert asyncio.get_running_loop().time() - began < 0.5
    await available(connection)
    await connection.disconnect()


async def test_waiting_in_our_own_queue_is_no_failure(connection: RedisConnection) -> None:
    answers = await asyncio.gather(*(connection.run(ping) for _ in range(500)))
    assert answers == [True] * 500
    assert connection.is_available


async def test_a_caller_who_is_cancelled_says_nothing_about_the_store(
    connection: RedisConnection,
) -> None:
    call = asyncio.ensure_future(connection.run(never))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert call.cancelled()
    assert connection.is_available


async def test_it_recovers_by_itself(
    connection: RedisConnection, server: fakeredis.FakeServer
) -> None:
    server.connected = False
    with pytest.raises(StoreUnavailableError):
        await connection.connect()
    assert not connection.is_available
    server.connected = True
    await available(connection)
    assert await connection.run(ping)


async def test_disconnected_it_refuses_until_it_is_connected(connection: RedisConnection) -> None:
    await connection.disconnect()
    with pytest.raises(StoreUnavailableError):
        await connection.run(ping)
    await connection.connect()
    assert await connection.run(ping)


async def test_it_tells_whether_the_store_is_available() -> None:
    changes: list[bool] = []
    client = fakeredis.FakeAsyncRedis()
    connection = RedisConnection(client)
    connection.watch(changes.append)
    with pytest.raises(StoreUnavailableError):
        await connection.run(raising(OSError()))
    await available(connection)
    assert changes == [False, True]
    await connection.disconnect()


async def test_texts_of_a_reply_are_bytes(server: fakeredis.FakeServer) -> None:
    for decode in (True, False):
        client = fakeredis.FakeAsyncRedis(
            server=server, socket_timeout=None, decode_responses=decode
        )
        connection = RedisConnection(client, deadline=2.0)
        await client.set("key", "value")
        assert await connection.ask(Command("GET", None), b"key") == b"value"
        assert await connection.ask(Command("GET", "nothing")) is None
        await connection.disconnect()


async def test_an_asked_command_that_is_refused_does_not_mean_that_the_store_is_away(
    connection: RedisConnection,
) -> None:
    commands = [PING, UNKNOWN, PING, PING, UNKNOWN]
    calls = (connection.ask(command) for command in commands)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert kinds == [bytes, StoreUnavailableError, bytes, bytes, StoreUnavailableError]
    assert connection.is_available


async def test_a_store_that_is_lost_is_not_asked_until_it_answers(
    connection: RedisConnection, server: fakeredis.FakeServer
) -> None:
    changes: list[bool] = []
    connection.watch(changes.append)
    assert await connection.ask(PING)
    server.connected = False
    calls = (connection.ask(PING) for _ in range(100))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailableError}
    with pytest.raises(StoreUnavailableError):
        await connection.run(never)
    server.connected = True
    await available(connection)
    assert await connection.ask(PING)
    assert changes == [False, True]


async def test_disconnected_it_is_not_asked_until_it_is_connected(
    connection: RedisConnection,
) -> None:
    assert await connection.ask(PING)
    await connection.disconnect()
    with pytest.raises(StoreUnavailableError):
        await connection.ask(PING)
    await connection.connect()
    assert await connection.ask(PING)
