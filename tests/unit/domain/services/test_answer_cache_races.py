"""No value read after an acknowledged invalidation was computed before it.

A deterministic scheduler runs readers and writers of two processes against one store. Whenever a
task would wait for the outside it stands still, and a seeded random generator decides who moves
next. Time is virtual and jumps now and then, so that answers expire and are renewed.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.cache_entry import result_of
from prismiq.domain.services.answer_cache import Answer, AnswerCache, Question
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.table_versions import TableVersions

OUTPUTS = (Output("n", Column(0, "n", "bigint", TypeFamily.INTEGER), "bigint", TypeFamily.INTEGER),)
TABLES = frozenset({"public.orders"})


class Scheduler:
    """Lets one waiting task move at a time, chosen by chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._standing: list[asyncio.Future[None]] = []

    async def pause(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._standing.append(turn)
        await turn

    async def run(self, tasks: Collection["asyncio.Task[None]"]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(6):  # everybody goes on to the next pause
                await asyncio.sleep(0)
            self._standing = [turn for turn in self._standing if not turn.done()]
            if self._standing:
                self._standing.pop(self._random.randrange(len(self._standing))).set_result(None)


class VirtualClock(Clock):
    seconds = 1_000_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


class Store(CacheBackend, TableVersions, ComputationLease):
    """One shared store, each call of which takes its time to go there and to come back."""

    def __init__(self, scheduler: Scheduler, random: Random) -> None:
        self._pause = scheduler.pause
        self._random = random
        self._entries: dict[str, Any] = {}
        self._tokens: dict[str, str] = {}
        self._owner: dict[str, str] = {}

    async def get(self, key: str) -> Any | None:
        await self._pause()
        value = self._entries.get(key)
        await self._pause()
        return value

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        await self._pause()
        self._entries[key] = value
        await self._pause()

    async def delete(self, key: str) -> bool:
        return self._entries.pop(key, None) is not None

    async def clear(self, pattern: str | None = None) -> int:
        raise NotImplementedError

    async def exists(self, key: str) -> bool:
        return key in self._entries

    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        await self._pause()
        tokens = {
            name: self._tokens.setdefault(name, f"{self._random.random()}")
            for name in (self.EVERYTHING, *tables)
        }
        await self._pause()
        return tokens

    async def rotate(self, tables: Collection[str]) -> int:
        await self._pause()
        for name in tables:
            self._tokens.pop(name, None)
        await self._pause()
        return 0

    async def rotate_all(self) -> int:
        return await self.rotate([self.EVERYTHING])

    async def count_entry(self, tables: Collection[str]) -> None:
        await self._pause()

    async def acquire(self, name: str, seconds: float) -> str | None:
        await self._pause()
        if name in self._owner:
            return None
        self._owner[name] = f"{self._random.random()}"
        return self._owner[name]

    async def extend(self, name: str, owner: str, seconds: float) -> bool:
        return self._owner.get(name) == owner

    async def release(self, name: str, owner: str) -> bool:
        return self._owner.pop(name, None) is not None

    async def wait(self, name: str, seconds: float) -> bool:
        while name in self._owner:
            await self._pause()
        return True


class World:
    def __init__(self, seed: int, *, leases: bool) -> None:
        self.random = Random(seed)
        self.scheduler = Scheduler(self.random)
        self.clock = VirtualClock()
        self.store = Store(self.scheduler, self.random)
        self.written = 0  # what the database holds
        self.acknowledged = 0  # what was written before an invalidation that returned
        self.stale_reads: list[tuple[int, int]] = []
        self.processes = [self._process(leases=leases) for _ in range(2)]

    def _process(self, *, leases: bool) -> AnswerCache:
        leased = LeasedComputation(self.store, self.clock) if leases else None
        return AnswerCache(
            self.store,
            self.store,
            self.clock,
            policy=CachePolicy(ttl=10.0, max_stale=5.0),
            chance=lambda: 1 - self.random.random(),
            leased=leased,
        )

    async def compute(self) -> EncodedResult:
        await self.scheduler.pause()
        rows = f"[[{self.written}]]".encode()
        await self.scheduler.pause()
        return EncodedResult(OUTPUTS, RowBatch(rows, 1, truncated=False), 1.0)

    async def read(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            await self.scheduler.pause()
            cache = self.random.choice(self.processes)
            floor = self.acknowledged
            ask = cache.fresh_answer if self.random.random() < 0.1 else cache.answer
            value = value_of(await ask(Question("key", TABLES, self.compute, ttl=10.0)))
            if value < floor:
                self.stale_reads.append((value, floor))

    async def write(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            await self.scheduler.pause()
            self.written += 1
            written = self.written
            cache = self.random.choice(self.processes)
            if self.random.random() < 0.2:
                await cache.invalidate_all()
            else:
                await cache.invalidate(TABLES)
            self.acknowledged = max(self.acknowledged, written)

    async def pass_time(self) -> None:
        for _ in range(4):
            await self.scheduler.pause()
            self.clock.seconds += self.random.uniform(0, 6)

    async def run(self) -> list[tuple[int, int]]:
        tasks = [asyncio.create_task(self.read()) for _ in range(5)]
        tasks += [asyncio.create_task(self.write()) for _ in range(2)]
        tasks += [asyncio.create_task(self.pass_time())]
        await self.scheduler.run(tasks)
        await asyncio.gather(*tasks)
        for process in self.processes:
            await process.close()
        return self.stale_reads


def value_of(answer: Answer) -> int:
    result = answer.result
    if result is None:
        assert answer.entry is not None
        result = result_of(answer.entry, OUTPUTS)
    return int(result.batch.rows_json.strip(b"[]"))


@pytest.mark.parametrize("leases", [False, True], ids=["alone", "leased"])
async def test_nothing_older_than_an_acknowledged_invalidation_is_read(leases: bool) -> None:
    for seed in range(1500):
        assert await World(seed, leases=leases).run() == [], f"seed {seed}"
