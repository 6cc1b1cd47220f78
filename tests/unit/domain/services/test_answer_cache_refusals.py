"""Who has too many queries running is refused, and nobody who waits with them is.

Clients of two processes ask for the same few answers. Who begins a computation needs a place for
it; who joins one needs none. A seeded scheduler decides who moves next.
"""

import asyncio
from collections import Counter
from random import Random

import pytest
from tests.unit.domain.services.cache_world import (
    MAX_AGE,
    Ledger,
    Link,
    Messages,
    Scheduler,
    SharedState,
    Store,
    VirtualClock,
)

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.memory.query_slots import InMemoryQuerySlots
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CacheOutcome, CachePolicy
from prismiq.domain.model.errors import DatabaseUnavailableError, TooManyQueriesError
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import CompiledQuery, EncodedResult, PlanEstimate, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.services.answer_cache import AnswerCache, Question
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter
from prismiq.domain.services.current_client import RENEWALS, asking, client_of, own_work
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.domain.services.limited_query_runner import LimitedQueryRunner
from prismiq.ports.query_runner import QueryRunner

OUTPUTS = (Output("n", Column(0, "n", "bigint", TypeFamily.INTEGER), "bigint", TypeFamily.INTEGER),)
TABLES = frozenset({"public.orders"})
QUERY = CompiledQuery("SELECT 1", (), 1)
SCOPE = Scope()
PLACES = 1
TTL = 1.0


class SharedSlots(InMemoryQuerySlots):
    """Places of all processes; the way to them takes a while."""

    def __init__(self, world: "World") -> None:
        super().__init__(world.clock)
        self._world = world

    async def acquire(self, client: str, places: int, seconds: float) -> str | None:
        await self._world.scheduler.pause()
        token = await super().acquire(client, places, seconds)
        if token is not None:
            self._world.took_place(client)
        return token

    async def release(self, client: str, token: str) -> None:
        await super().release(client, token)
        self._world.gave_place_back(client)


class Database(QueryRunner):
    """Takes its time, and fails now and then."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        world = self._world
        account = RENEWALS if own_work() else str(client_of(scope))
        world.running[account] += 1
        world.most_running[account] = max(world.most_running[account], world.running[account])
        try:
            for _ in range(world.random.randint(1, 12)):
                await world.scheduler.pause()
            if world.random.random() < 0.05:
                raise DatabaseUnavailableError
        finally:
            world.running[account] -= 1
        return RowBatch(b"[[7]]", 1, truncated=False)

    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        raise NotImplementedError


class World:
    """Two processes; where it is restless, time passes, and some clients leave."""

    def __init__(self, seed: int, *, leases: bool, is_restless: bool) -> None:
        self.random = Random(seed)
        self.scheduler = Scheduler(self.random)
        self.clock = VirtualClock()
        self.is_restless = is_restless
        self.taken: Counter[str] = Counter()
        self.freed_at: Counter[str] = Counter()
        self.running: Counter[str] = Counter()
        self.most_running: Counter[str] = Counter()
        self.computed: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.wronged: list[str] = []
        self.events = 0
        self._state = SharedState(self.random)
        self._ledger = Ledger(self.clock)
        self._links = [Link(self.scheduler, self.random) for _ in range(2)]
        self._messages = Messages(self._links, self.scheduler, self.random, self._ledger)
        slots = SharedSlots(self)
        limiter, renewals = (
            ConcurrencyLimiter(slots, slots, NoMetrics(), places=PLACES) for _ in range(2)
        )
        self._runner = LimitedQueryRunner(Database(self), limiter, renewals, client_of)
        self.caches = [self._cache(number, leases=leases) for number in range(2)]

    def took_place(self, client: str) -> None:
        self.events += 1
        self.taken[client] += 1

    def gave_place_back(self, client: str) -> None:
        self.events += 1
        self.taken[client] -= 1
        self.freed_at[client] = self.events

    async def client(self, name: str) -> None:
        with asking(name):
            for _ in range(self.random.randint(1, 3)):
                await self.scheduler.pause()
                key = self.random.choice(["one", "another", "third"])
                await self._ask(self.random.choice(self.caches), name, key)

    async def run(self) -> None:
        others = asyncio.all_tasks()
        names = [self.random.choice("abcd") for _ in range(14)]
        clients = [asyncio.create_task(self.client(name)) for name in names]
        tasks = list(clients)
        if self.is_restless:
            leaving = self.random.sample(clients, 3)
            tasks += [asyncio.create_task(self._leave(client)) for client in leaving]
            tasks.append(asyncio.create_task(self._pass_time()))
        async with asyncio.timeout(60):  # it never takes a hundredth of that
            await self.scheduler.run(until=lambda: all(task.done() for task in tasks))
        assert not [t for t in tasks if not t.cancelled() and t.exception()]
        for cache in self.caches:
            await cache.close()
        self._messages.close()
        # Who left is gone before the place they had, or were about to have, is given back.
        async with asyncio.timeout(60):
            await self.scheduler.run(until=lambda: asyncio.all_tasks() <= others)

    async def _ask(self, cache: AnswerCache, name: str, key: str) -> None:
        async def compute() -> EncodedResult:
            batch = await self._runner.run(QUERY, scope=SCOPE, limit=1)
            self.computed[key] += 1
            return EncodedResult(OUTPUTS, batch, 1.0)

        began = self.events
        question = Question(key, TABLES, compute, TTL, client_of(SCOPE))
        try:
            answer = await cache.answer(question)
        except TooManyQueriesError as error:
            had_places_taken = self.taken[name] or self.freed_at[name] > began
            if error.client != name or not had_places_taken:
                self.wronged.append(name)
            self.outcomes["refused"] += 1
        except DatabaseUnavailableError:
            self.outcomes["failed"] += 1
        else:
            self.outcomes[answer.outcome.value] += 1
            if answer.outcome is CacheOutcome.HIT and answer.renewing:
                self.outcomes["renewing"] += 1

    async def _leave(self, client: "asyncio.Task[None]") -> None:
        for _ in range(self.random.randint(1, 10)):
            await self.scheduler.pause()
        client.cancel()

    async def _pass_time(self) -> None:
        for _ in range(10):
            await self.scheduler.pause()
            self.clock.seconds += self.random.uniform(0, MAX_AGE)

    def _cache(self, number: int, *, leases: bool) -> AnswerCache:
        store = Store(self._state, self._links[number], self._ledger)
        versions = KnownVersions(
            store,
            self._messages.buses[number],
            self._links[number],
            self.clock,
            new_token=self._state.new_token,
            max_age=MAX_AGE,
            pause=self.scheduler.pause,
        )
        return AnswerCache(
            InMemoryCache(clock=self.clock),
            store,
            versions,
            self.clock,
            policy=CachePolicy(ttl=TTL, max_stale=5.0),
            chance=lambda: 1 - self.random.random(),
            metrics=NoMetrics(),
            leased=LeasedComputation(store, self.clock) if leases else None,
        )


@pytest.mark.parametrize("is_restless", [False, True], ids=["cold", "restless"])
@pytest.mark.parametrize("leases", [False, True], ids=["alone", "leased"])
async def test_nobody_is_refused_for_the_queries_of_somebody_else(
    leases: bool, is_restless: bool
) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(100):
        world = World(seed, leases=leases, is_restless=is_restless)
        await world.run()
        assert not world.wronged, f"seed {seed}"
        assert max(world.most_running.values()) <= PLACES, f"seed {seed}"
        assert not +world.taken, f"seed {seed}"
        if leases and not is_restless:
            assert max(world.computed.values()) == 1, f"seed {seed}"
        outcomes += world.outcomes
    assert outcomes["refused"] > 20
    assert outcomes["MISS"] > 100
    assert (outcomes["renewing"] > 30) == is_restless
