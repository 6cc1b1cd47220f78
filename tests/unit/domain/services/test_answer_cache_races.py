"""No value read after an acknowledged invalidation was computed before it.

In the process that invalidated, that holds at once. In others it holds as soon as they have heard
of it, or when the bound for the age of tokens is over. What was invalidated while the store was
away holds elsewhere as soon as it has been replayed.
"""

import asyncio
from random import Random

import pytest
from tests.unit.domain.services.cache_world import (
    EVERYTHING,
    MAX_AGE,
    MAX_OUTAGE_AGE,
    Ledger,
    Link,
    Messages,
    Scheduler,
    SharedState,
    Store,
    VirtualClock,
)

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.model.errors import DatabaseUnavailableError
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.cache_entry import result_of
from prismiq.domain.services.answer_cache import Answer, AnswerCache, Question
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.leased_computation import LeasedComputation

OUTPUTS = (Output("n", Column(0, "n", "bigint", TypeFamily.INTEGER), "bigint", TypeFamily.INTEGER),)
TABLES = frozenset({"public.orders", "public.customers"})


class Process:
    """A cache with all it needs, on its own link to the store."""

    def __init__(self, number: int, world: "World", *, leases: bool) -> None:
        self.number = number
        self.link = world.links[number]
        store = Store(world.state, self.link, world.ledger)
        self.bus = world.messages.buses[number]
        self.versions = KnownVersions(
            store,
            self.bus,
            self.link,
            world.clock,
            new_token=world.state.new_token,
            max_age=MAX_AGE,
            max_outage_age=MAX_OUTAGE_AGE,
            pause=world.scheduler.pause,
        )
        self.cache = AnswerCache(
            InMemoryCache(clock=world.clock),
            store,
            self.versions,
            world.clock,
            policy=CachePolicy(ttl=10.0, max_stale=5.0),
            chance=lambda: 1 - world.random.random(),
            metrics=NoMetrics(),
            leased=LeasedComputation(store, world.clock) if leases else None,
        )


class World:
    def __init__(self, seed: int, *, leases: bool, outages: bool) -> None:
        self.random = Random(seed)
        self.outages = outages
        self.scheduler = Scheduler(self.random)
        self.clock = VirtualClock()
        self.state = SharedState(self.random)
        self.ledger = Ledger(self.clock)
        self.links = [Link(self.scheduler, self.random) for _ in range(2)]
        self.messages = Messages(self.links, self.scheduler, self.random, self.ledger)
        self.written = 0  # what the database holds
        self.stale_reads: list[tuple[int, int]] = []
        self.processes = [Process(number, self, leases=leases) for number in range(2)]

    async def compute(self) -> EncodedResult:
        began = self.clock.seconds
        await self.scheduler.pause()
        if self.random.random() < 0.05:
            raise DatabaseUnavailableError
        rows = f"[[{self.written}]]".encode()
        await self.scheduler.pause()
        took = self.clock.seconds - began
        self.ledger.longest_computation = max(self.ledger.longest_computation, took)
        return EncodedResult(OUTPUTS, RowBatch(rows, 1, truncated=False), 1.0)

    async def ask(self, process: Process, *, at_least: int = 0) -> None:
        expected = self.ledger.expect(process.number)
        cache = process.cache
        ask = cache.fresh_answer if self.random.random() < 0.1 else cache.answer
        try:
            value = value_of(await ask(Question("key", TABLES, self.compute, ttl=10.0)))
        except DatabaseUnavailableError:
            return
        self.note_who_is_away()
        floor = max(expected.floor(), at_least)
        if value < floor:
            self.stale_reads.append((value, floor))

    async def read(self) -> None:
        for _ in range(self.random.randint(1, 6)):
            await self.scheduler.pause()
            await self.ask(self.random.choice(self.processes))

    async def write(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            await self.scheduler.pause()
            self.written += 1
            process = self.random.choice(self.processes)
            table = self.random.choice(sorted(TABLES))
            invalidation = self.ledger.issue(process.number, table, self.written)
            if self.random.random() < 0.2:
                await process.cache.invalidate_all()
            else:
                await process.cache.invalidate(frozenset({table}))
            invalidation.is_acknowledged = True

    async def pass_time(self) -> None:
        for _ in range(8):
            await self.scheduler.pause()
            longest = self.random.choice([0.2, 0.6, 6.0])
            self.clock.seconds += self.random.uniform(0, longest)
            self.note_who_is_away()

    async def break_links(self) -> None:
        for _ in range(self.random.randint(0, 2)):
            down = self.random.choice([self.processes[:1], self.processes[1:], self.processes])
            await self.wait(6)
            for process in down:
                process.link.is_up = False
            await self.wait(12)
            self.random.choice([lambda: None, lambda: None, self.state.restart, self.state.flush])()
            for process in down:
                await self.wait(3)
                process.link.is_up = True
                await self.wait(3)
                self.note_who_is_away()
                if process.versions.is_shared:
                    self.ledger.heard(process.number, [EVERYTHING])
                process.bus.on_gap()

    async def wait(self, turns: int) -> None:
        for _ in range(self.random.randint(0, turns)):
            await self.scheduler.pause()
            self.note_who_is_away()
            if self.random.random() < 0.2:
                self.state.save()

    def note_who_is_away(self) -> None:
        for process in self.processes:
            if not process.versions.is_shared:
                self.ledger.is_away(process.number)

    async def run(self) -> list[tuple[int, int]]:
        for process in self.processes:
            await process.versions.__aenter__()
        work = [self.read() for _ in range(5)] + [self.write(), self.write(), self.pass_time()]
        if self.outages:
            work.append(self.break_links())
        tasks = [asyncio.create_task(each) for each in work]
        await self.scheduler.run(until=lambda: all(task.done() for task in tasks))
        await asyncio.gather(*tasks)
        await self.come_to_rest()
        for process in self.processes:
            await process.cache.close()
            await process.versions.__aexit__(None, None, None)
        self.messages.close()
        return self.stale_reads

    async def come_to_rest(self) -> None:
        """When all links are up again, everything acknowledged holds everywhere."""
        await self.scheduler.run(until=lambda: all(p.versions.is_shared for p in self.processes))
        await self.all_ask()
        self.clock.seconds += MAX_AGE
        await self.all_ask(at_least=self.ledger.everything_acknowledged())

    async def all_ask(self, *, at_least: int = 0) -> None:
        for process in self.processes:
            question = asyncio.create_task(self.ask(process, at_least=at_least))
            await self.scheduler.run(until=question.done)
            await question


def value_of(answer: Answer) -> int:
    result = answer.result
    if result is None:
        assert answer.entry is not None
        result = result_of(answer.entry, OUTPUTS)
    return int(result.batch.rows_json.strip(b"[]"))


@pytest.mark.parametrize("outages", [False, True], ids=["connected", "outages"])
@pytest.mark.parametrize("leases", [False, True], ids=["alone", "leased"])
async def test_nothing_older_than_an_acknowledged_invalidation_is_read(
    leases: bool, outages: bool
) -> None:
    for seed in range(800):
        world = World(seed, leases=leases, outages=outages)
        assert await world.run() == [], f"seed {seed}"
