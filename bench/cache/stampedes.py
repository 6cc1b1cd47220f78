"""Many callers who want the same answer at once, which nobody has yet."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from bench.cache.opened import computations, opened
from bench.cache.peers import PEERS_AGAINST_STAMPEDES, Ask
from bench.cache.questions import summary
from bench.case import Case, Servers
from bench.verdict import Observation

_CALLERS = 200


@dataclass(frozen=True)
class InOneProcess:
    with_redis: bool

    @property
    def what(self) -> str:
        return f"stampede of {_CALLERS}, {'Redis' if self.with_redis else 'memory'}"

    async def measure(self, servers: Servers) -> list[Observation]:
        redis_url = servers.redis_url if self.with_redis else None
        found = {}
        async with opened(servers.dsn, redis_url, PEERS_AGAINST_STAMPEDES) as caches:
            for name, kept in caches.items():
                found[name] = await stampede(kept.ask, _CALLERS)
        return _rows(self.what, found)


@dataclass(frozen=True)
class InTwoProcesses:
    what = f"stampede of {_CALLERS} in 2 processes, Redis"

    async def measure(self, servers: Servers) -> list[Observation]:
        found = {}
        for name in ("ours", *PEERS_AGAINST_STAMPEDES):
            async with Redis.from_url(servers.redis_url) as redis:
                await redis.flushall()
            found[name] = await _between_processes(name, servers)
        return _rows(self.what, found)


async def stampede(ask: Ask, callers: int) -> int:
    """Return how often the database was asked."""
    before = computations()
    query = summary()
    await asyncio.gather(*(ask(query) for _ in range(callers)))
    return computations() - before


async def _between_processes(name: str, servers: Servers) -> int:
    """Start two processes, and let them ask when both are ready."""
    module = "bench.cache.stampede_process"
    arguments = (name, servers.dsn, servers.redis_url, str(_CALLERS // 2))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        await process.stdout.readline()
    return sum(
        [int(out) for out, _ in await asyncio.gather(*(p.communicate(b"\n") for p in processes))]
    )


def _rows(what: str, found: dict[str, int]) -> list[Observation]:
    return [
        Observation(
            what,
            unit="computations",
            ours=found["ours"],
            target=1,
            floor_name=name,
            floor=count,
        )
        for name, count in found.items()
        if name != "ours"
    ]


CASES: Sequence[Case] = (InOneProcess(False), InOneProcess(True), InTwoProcesses())
