"""Callers who ask two servers for a number that grows, and notice an older one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from tests.integration.served.conftest import Server, select

ASKED = [select("numbers", "n", limit=limit) for limit in range(1, 9)]
OTHERS = select("others", "n")
PATIENCE = 30.0
"""Seconds for what takes no more than five while nobody else uses the machine."""
SLOWEST = 10.0
"""Seconds. Waiting for Redis is over after a tenth of one; a busy machine may add to it."""


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

    async def leave_to_the_other(self, query: Any) -> None:
        """Let the first server compute an answer, until the second one would find it in Redis."""
        first, second = self.servers
        async with asyncio.timeout(PATIENCE):
            while (await second.state(query))[0] != "fresh":
                await first.ask(query, **{"Cache-Control": "no-cache"})

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
