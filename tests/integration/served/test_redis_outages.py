"""Redis is killed, frozen or emptied under load: no caller of two servers fails or is told lies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as RedisClient
from tests.integration.adapters.redis.conftest import Redis
from tests.integration.cli.serving import free_port
from tests.integration.conftest import running_redis
from tests.integration.served.conftest import Server, select, start_server
from tests.integration.served.number_load import (
    ASKED,
    PATIENCE,
    Load,
    is_alone,
    number_of,
    shares,
)

LEFT_TO_THE_OTHER = select("numbers", "n", limit=100)
UNTOUCHED = select("untouched", "n")
Outage = Callable[[Redis], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def redis(module_server_dir: Path) -> Iterator[Redis]:
    """A server at one address that every test leaves running."""
    with ExitStack() as running:

        def start(*arguments: str) -> Any:
            return running.enter_context(running_redis(*arguments))

        yield Redis(start, free_port(), module_server_dir)


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any) -> str:
    """A database in which a number grows."""
    await module_connection.execute(
        "CREATE TABLE numbers AS SELECT 1 AS n; CREATE TABLE untouched AS SELECT 1 AS n;"
        "CREATE TABLE others AS SELECT 1 AS n"
    )
    return module_database


@pytest.fixture(scope="module")
async def servers(
    redis: Redis, dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Server]]:
    """Two processes that keep their answers in one Redis."""
    async with AsyncExitStack() as stack:
        yield [
            await start_server(
                stack,
                tmp_path_factory.mktemp("server"),
                dsn,
                PRISMIQ_REDIS_URL=redis.url,
            )
            for _ in range(2)
        ]


@contextmanager
def killed(redis: Redis) -> Iterator[None]:
    redis.kill()
    yield
    redis.restart()


@contextmanager
def frozen(redis: Redis) -> Iterator[None]:
    with redis.frozen():
        yield


@pytest.mark.parametrize(
    ("outage", "is_known"),
    [(killed, False), (frozen, False), (frozen, True)],
    ids=["killed", "frozen", "known to be frozen"],
)
async def test_what_is_invalidated_during_an_outage_never_appears_again_in_any_process(
    redis: Redis,
    servers: list[Server],
    module_connection: Any,
    outage: Outage,
    is_known: bool,
) -> None:
    first, second = servers
    load = Load(servers, module_connection)
    async with load.running():
        await load.write()
        await load.is_seen_by_the_other(ASKED)
        for query in (LEFT_TO_THE_OTHER, UNTOUCHED):
            await load.leave_to_the_other(query)
        with outage(redis):
            if is_known:  # so that Redis is told nothing before it is back
                await is_alone(first)
            await load.write()
            await load.goes_on()
            if outage is frozen and not is_known:
                # Nobody can tell the other one; what it knows ends by itself.
                await load.is_seen_by_the_other(ASKED)
        await load.is_heard_by_the_other([LEFT_TO_THE_OTHER, *ASKED])
        await load.goes_on()
        assert await number_of(second, LEFT_TO_THE_OTHER) == load.floors[first.port]
        if is_known:  # and what was not invalidated is still there
            async with asyncio.timeout(PATIENCE):
                while (await second.state(UNTOUCHED))[0] != "fresh":
                    pass


async def test_what_a_restarted_redis_has_forgotten_to_be_invalid_stays_so(
    redis: Redis, servers: list[Server], module_connection: Any
) -> None:
    """It saved its data before the invalidation, and has them again after its restart."""
    first, second = servers
    load = Load(servers, module_connection)
    async with load.running():
        await load.leave_to_the_other(LEFT_TO_THE_OTHER)
        with RedisClient.from_url(redis.url) as client:
            client.save()
        await load.write()
        await load.is_seen_by_the_other(ASKED)
        with killed(redis):
            await load.goes_on()
        await load.is_heard_by_the_other([LEFT_TO_THE_OTHER, *ASKED])
        await load.goes_on()
        assert await number_of(second, LEFT_TO_THE_OTHER) == load.floors[first.port]


async def test_a_redis_that_is_emptied_is_filled_again(
    redis: Redis, servers: list[Server], module_connection: Any
) -> None:
    load = Load(servers, module_connection)
    async with load.running():
        for _ in range(4):
            with RedisClient.from_url(redis.url) as client:
                client.flushall()
            await load.write()
            await load.is_heard_by_the_other(ASKED)
            await load.goes_on(20)
        await load.leave_to_the_other(UNTOUCHED)


async def test_servers_that_start_without_their_redis_answer_and_use_it_when_it_comes(
    redis: Redis, dsn: str, tmp_path: Path
) -> None:
    redis.kill()
    async with AsyncExitStack() as stack:
        server = await start_server(stack, tmp_path, dsn, PRISMIQ_REDIS_URL=redis.url)
        assert await server.outcome(UNTOUCHED) == ("MISS", [[1]])
        assert await server.outcome(UNTOUCHED) == ("HIT", [[1]])
        health = await server.http.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        assert await server.invalidate("untouched") == 0
        assert await server.outcome(UNTOUCHED) == ("MISS", [[1]])
        redis.restart()
        await shares(server)
        async with asyncio.timeout(PATIENCE):  # verdicts are kept for a moment
            while (await server.http.get("/health")).json()["status"] != "healthy":
                pass
