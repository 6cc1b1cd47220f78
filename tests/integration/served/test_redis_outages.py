"""Redis is killed, frozen or emptied under load: no caller of two servers fails or is told lies."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import pytest
from redis import Redis as RedisClient
from tests.integration.adapters.redis.conftest import Redis
from tests.integration.cli.serving import free_port
from tests.integration.conftest import running_redis
from tests.integration.served.conftest import Server, select, start_server

ASKED = [select("numbers", "n", limit=limit) for limit in range(1, 9)]
LEFT_TO_THE_OTHER = select("numbers", "n", limit=100)
UNTOUCHED = select("untouched", "n")
OTHERS = select("others", "n")
PATIENCE = 30.0
"""Seconds for what takes no more than five while nobody else uses the machine."""
SLOWEST = 10.0
"""Seconds. Waiting for Redis is over after a tenth of one; a busy machine may add to it."""


@pytest.fixture(scope="module")
def redis(module_server_dir: Any) -> Iterator[Redis]:
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


@dataclass
class Load:
    """Callers who ask both servers all the time, and what they were told that is wrong."""

    servers: list[Server]
    database: Any
    answers: Counter[int] = field(default_factory=Counter)
    floors: Counter[int] = field(default_factory=Counter)
    """By server: the number whose invalidation it has acknowledged, or heard of."""
    failures: list[str] = field(default_factory=list)
    older: list[tuple[int, int]] = field(default_factory=list)
    slowest: float = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            callers = [
                group.create_task(self._ask(server, Random(seed)))
                for server in self.servers
                for seed in range(4)
            ]
            for server in self.servers:
                await shares(server)
            await self.goes_on()
            yield
            for caller in callers:
                caller.cancel()
        assert self.failures == []
        assert self.older == []
        assert self.slowest < SLOWEST

    async def _ask(self, server: Server, random: Random) -> None:
        while True:
            floor = self.floors[server.port]
            began = asyncio.get_running_loop().time()
            try:
                response = await server.ask(asked_by_chance(random))
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                continue
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
            self.answers[server.port] += 1
            if response.status_code != 200:
                self.failures.append(response.text)
                continue
            [[number]] = response.json()["rows"]
            if number < floor:
                self.older.append((number, floor))

    async def goes_on(self, answers: int = 60) -> None:
        """Go on when each server has given so many more answers."""
        enough = {server.port: self.answers[server.port] + answers for server in self.servers}
        async with asyncio.timeout(PATIENCE):
            while any(self.answers[port] < number for port, number in enough.items()):
                await self.servers[0].http.get("/health/live")

    async def write(self) -> None:
        """Let the number grow, and invalidate the table at the first server."""
        number: int = await self.database.fetchval("UPDATE numbers SET n = n + 1 RETURNING n")
        await self.servers[0].invalidate("numbers")
        self.floors[self.servers[0].port] = number

    async def is_seen_by_the_other(self, queries: Iterable[Any]) -> None:
        """Go on when the second server answers all of these with the present number."""
        first, second = self.servers
        async with asyncio.timeout(PATIENCE):
            for query in queries:
                while (await number_of(second, query)) < self.floors[first.port]:
                    pass

    async def is_heard_by_the_other(self, queries: Iterable[Any]) -> None:
        """The same when Redis is back: from then on, the second server tells no older one."""
        first, second = self.servers
        for server in self.servers:
            await shares(server)
        await self.is_seen_by_the_other(queries)
        self.floors[second.port] = self.floors[first.port]


def asked_by_chance(random: Random) -> dict[str, Any]:
    """Return what is asked often, or what nobody has in memory yet and Redis is asked for."""
    return random.choice(
        [*ASKED, *ASKED, select("numbers", "n", limit=random.randrange(200, 9_000))]
    )


async def number_of(server: Server, query: Any) -> int:
    _, [[number]] = await server.outcome(query)
    return int(number)


async def shares(server: Server) -> None:
    """Go on when a server uses Redis, and has told it what it was to invalidate meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not await server.invalidate("others"):  # it cannot count while Redis is away
            await server.outcome(OTHERS)


async def is_alone(server: Server) -> None:
    """Go on when a server knows that Redis is away, and sends it nothing any more."""
    async with asyncio.timeout(PATIENCE):
        await server.outcome(OTHERS)
        while await server.invalidate("others"):
            await server.outcome(OTHERS)


@contextmanager
def killed(redis: Redis) -> Iterator[None]:
    redis.kill()
    yield
    redis.restart()


@contextmanager
def frozen(redis: Redis) -> Iterator[None]:
    with redis.frozen():
        yield


Outage = Callable[[Redis], Any]


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
        for query in (LEFT_TO_THE_OTHER, UNTOUCHED):  # only Redis has these for the second one
            await first.outcome(query)
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
            assert await second.outcome(UNTOUCHED) == ("HIT", [[1]])


async def test_what_a_restarted_redis_has_forgotten_to_be_invalid_stays_so(
    redis: Redis, servers: list[Server], module_connection: Any
) -> None:
    """It saved its data before the invalidation, and has them again after its restart."""
    first, second = servers
    load = Load(servers, module_connection)
    async with load.running():
        await first.outcome(LEFT_TO_THE_OTHER)
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
    first, second = servers
    load = Load(servers, module_connection)
    async with load.running():
        for _ in range(4):
            with RedisClient.from_url(redis.url) as client:
                client.flushall()
            await load.write()
            await load.is_heard_by_the_other(ASKED)
            await load.goes_on(20)
        assert (await first.outcome(UNTOUCHED))[1] == [[1]]
        async with asyncio.timeout(PATIENCE):
            while await second.state(UNTOUCHED) not in {("fresh", "shared"), ("fresh", "memory")}:
                pass


async def test_servers_that_start_without_their_redis_answer_and_use_it_when_it_comes(
    redis: Redis, dsn: str, tmp_path: Any
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
