"""What the cache does with answers of every age, and when the database or the store is away."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from itertools import count
from math import inf
from typing import Any
from zlib import crc32

import pytest

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.memory.computation_lease import InMemoryComputationLease
from prismiq.adapters.memory.invalidation_bus import InMemoryInvalidationBus
from prismiq.adapters.memory.store_availability import AlwaysAvailable
from prismiq.adapters.memory.table_versions import InMemoryTableVersions
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CacheOutcome, CachePolicy, MissReason
from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    PrismiqError,
    QueryExecutionError,
    QueryTimeoutError,
    SchemaChangedError,
    StoreUnavailableError,
    TooManyQueriesError,
)
from prismiq.domain.model.observations import CacheTier
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.cache_entry import result_of
from prismiq.domain.rules.freshness import Freshness
from prismiq.domain.services.answer_cache import Answer, AnswerCache, Question
from prismiq.domain.services.current_client import OwnWork, own_work
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.ports.clock import Clock

LetOthersRun = Callable[[], Awaitable[None]]

OUTPUTS = (Output("n", Column(0, "n", "bigint", TypeFamily.INTEGER), "bigint", TypeFamily.INTEGER),)
POLICY = CachePolicy(ttl=100.0, renewal_share=0.2, max_stale=50.0, beta=0.0)


class Database:
    """Counts how often it was asked, and answers with the count."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: PrismiqError | None = None
        self.rows = b""

    async def compute(self) -> EncodedResult:
        self.asked += 1
        if self.error is not None:
            raise self.error
        rows = self.rows or f"[[{self.asked}]]".encode()
        return EncodedResult(OUTPUTS, RowBatch(rows, 1, truncated=False), 1.5)

    def question(self, key: str = "key", ttl: float | None = 100.0) -> Question:
        return Question(key, frozenset({"public.orders"}), self.compute, ttl)


class FailingStore(InMemoryCache, InMemoryTableVersions):
    """A shared store that goes away and comes back, whole or in part."""

    def __init__(self, clock: Clock) -> None:
        InMemoryCache.__init__(self, clock=clock)
        InMemoryTableVersions.__init__(self)
        self.failing: set[str] = set()
        self.answered = asyncio.Event()
        self.calls: list[str] = []

    def _check(self, call: str) -> None:
        self.calls.append(call)
        if call in self.failing:
            raise StoreUnavailableError

    async def pause(self, _seconds: float) -> None:
        await self.answered.wait()

    def recover(self) -> None:
        self.failing = set()
        self.answered.set()

    async def get(self, key: str) -> Any | None:
        self._check("get")
        return await super().get(key)

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        self._check("set")
        await super().set(key, value, ttl)

    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        self._check("read")
        return await super().read(tables)

    async def rotate(self, tables: Collection[str]) -> int:
        self._check("rotate")
        return await super().rotate(tables)

    async def count_entry(self, tables: Collection[str]) -> None:
        self._check("count")
        await super().count_entry(tables)


@pytest.fixture
def database() -> Database:
    return Database()


class CountingMetrics(NoMetrics):
    """Counts what the cache itself reports."""

    def __init__(self) -> None:
        self.joined = 0
        self.failed_writes = 0

    def flight_joined(self) -> None:
        self.joined += 1

    def cache_write_failed(self) -> None:
        self.failed_writes += 1


@pytest.fixture
def store(clock: Clock) -> FailingStore:
    return FailingStore(clock)


@pytest.fixture
def metrics() -> CountingMetrics:
    return CountingMetrics()


MakeCache = Callable[..., AnswerCache]


@pytest.fixture
def make_cache(store: FailingStore, clock: Clock, metrics: CountingMetrics) -> MakeCache:
    """Make the cache of another process over the same store, or of one that is alone."""

    def make(
        *,
        alone: bool = False,
        policy: CachePolicy = POLICY,
        leased: LeasedComputation | None = None,
    ) -> AnswerCache:
        tokens = map(str, count())
        versions = KnownVersions(
            InMemoryTableVersions() if alone else store,
            InMemoryInvalidationBus(),
            AlwaysAvailable(),
            clock,
            new_token=lambda: f"token{next(tokens)}",
            max_age=inf if alone else 0.5,
            max_outage_age=5.0,
            pause=store.pause,
        )
        return AnswerCache(
            InMemoryCache(clock=clock),
            None if alone else store,
            versions,
            clock,
            policy=policy,
            chance=lambda: 1e-9,
            metrics=metrics,
            leased=leased,
        )

    return make


@pytest.fixture(params=["alone", "shared"])
def cache(make_cache: MakeCache, request: pytest.FixtureRequest) -> AnswerCache:
    return make_cache(alone=request.param == "alone")


@pytest.fixture
def here(make_cache: MakeCache) -> AnswerCache:
    return make_cache()


@pytest.fixture
def elsewhere(make_cache: MakeCache) -> AnswerCache:
    return make_cache()


def told(answer: Answer) -> tuple[str, int]:
    result = answer.result
    if result is None:
        assert answer.entry is not None
        result = result_of(answer.entry, OUTPUTS)
    return answer.outcome.value, int(result.batch.rows_json.strip(b"[]"))


async def test_the_second_answer_is_kept(cache: AnswerCache, database: Database) -> None:
    assert told(await cache.answer(database.question())) == ("MISS", 1)
    assert told(await cache.answer(database.question())) == ("HIT", 1)
    assert database.asked == 1


async def test_keys_are_apart(cache: AnswerCache, database: Database) -> None:
    await cache.answer(database.question("a"))
    assert told(await cache.answer(database.question("b"))) == ("MISS", 2)


async def test_a_kept_answer_knows_when_it_was_computed(
    cache: AnswerCache, database: Database, clock: Any
) -> None:
    asked_at = clock.now().timestamp()
    await cache.answer(database.question())
    clock.advance(7)
    entry = (await cache.answer(database.question())).entry
    assert entry is not None
    assert entry.created_at == asked_at
    assert b'"is_from_cache":true' in bytes(entry.stored)


@pytest.mark.parametrize("everything", [False, True])
async def test_an_invalidated_answer_is_not_served(
    cache: AnswerCache, database: Database, everything: bool
) -> None:
    await cache.answer(database.question())
    tables = frozenset({"public.orders"})
    count = await (cache.invalidate_all() if everything else cache.invalidate(tables))
    assert count == 1
    assert told(await cache.answer(database.question())) == ("MISS", 2)


async def test_other_tables_do_not_matter(cache: AnswerCache, database: Database) -> None:
    await cache.answer(database.question())
    assert await cache.invalidate(frozenset({"public.customers"})) == 0
    assert told(await cache.answer(database.question())) == ("HIT", 1)


async def test_towards_the_end_an_answer_is_renewed_in_the_background(
    cache: AnswerCache, database: Database, clock: Any, let_others_run: LetOthersRun
) -> None:
    await cache.answer(database.question())
    clock.advance(90)
    assert told(await cache.answer(database.question())) == ("HIT", 1)
    await let_others_run()
    assert told(await cache.answer(database.question())) == ("HIT", 2)


async def test_a_thousand_callers_cause_one_renewal(
    cache: AnswerCache, database: Database, clock: Any, let_others_run: LetOthersRun
) -> None:
    await cache.answer(database.question())
    clock.advance(90)
    await asyncio.gather(*(cache.answer(database.question()) for _ in range(1000)))
    await let_others_run()
    assert database.asked == 2


async def test_a_renewal_that_fails_is_forgotten(
    cache: AnswerCache, database: Database, clock: Any, let_others_run: LetOthersRun
) -> None:
    await cache.answer(database.question())
    clock.advance(90)
    database.error = DatabaseUnavailableError()
    await cache.answer(database.question())
    await let_others_run()
    assert told(await cache.answer(database.question())) == ("HIT", 1)


async def test_a_renewal_that_failed_is_tried_again_after_a_second_and_not_at_every_hit(
    cache: AnswerCache, database: Database, clock: Any, let_others_run: LetOthersRun
) -> None:
    await cache.answer(database.question())
    clock.advance(90)
    database.error = DatabaseUnavailableError()
    for seconds, asked in ((0.0, 2), (0.5, 2), (0.5, 3), (0.9, 3)):
        clock.advance(seconds)
        for _ in range(100):
            hit = await cache.answer(database.question())
            assert told(hit) == ("HIT", 1)
            await let_others_run()
        assert database.asked == asked
        assert not hit.renewing
    database.error = None
    clock.advance(0.1)
    await cache.answer(database.question())
    await let_others_run()
    assert told(await cache.answer(database.question())) == ("HIT", 4)


async def test_after_its_time_an_answer_is_computed_anew(
    cache: AnswerCache, database: Database, clock: Any
) -> None:
    await cache.answer(database.question())
    clock.advance(101)
    assert told(await cache.answer(database.question())) == ("MISS", 2)


@pytest.mark.parametrize("error", [DatabaseUnavailableError(), QueryTimeoutError(1.0)])
async def test_a_database_that_is_away_is_stood_in_for(
    cache: AnswerCache, database: Database, clock: Any, error: PrismiqError
) -> None:
    await cache.answer(database.question())
    clock.advance(101)
    database.error = error
    assert told(await cache.answer(database.question())) == ("STALE", 1)
    database.error = None
    assert told(await cache.answer(database.question())) == ("MISS", 3)


@pytest.mark.parametrize(
    "error",
    [
        QueryExecutionError("no", code="division_by_zero", caused_by_query=True),
        SchemaChangedError(),
    ],
)
async def test_a_query_that_cannot_be_answered_any_more_is_not_stood_in_for(
    cache: AnswerCache, database: Database, clock: Any, error: PrismiqError
) -> None:
    await cache.answer(database.question())
    clock.advance(101)
    database.error = error
    with pytest.raises(type(error)):
        await cache.answer(database.question())


async def test_who_has_too_many_queries_running_is_told_so_whatever_is_kept(
    cache: AnswerCache, database: Database, clock: Any
) -> None:
    """What is over stands in for a database that is away, not for a client that asks too much."""
    await cache.answer(database.question())
    clock.advance(101)
    database.error = TooManyQueriesError(1, "ip:203.0.113.7")
    with pytest.raises(TooManyQueriesError):
        await cache.answer(database.question())


async def test_a_renewal_is_nobodys_query_and_one_that_finds_no_place_is_forgotten(
    cache: AnswerCache, clock: Any, database: Database, let_others_run: LetOthersRun
) -> None:
    worked_for: list[OwnWork | None] = []

    async def compute() -> EncodedResult:
        worked_for.append(own_work())
        return await database.compute()

    question = database.question()._replace(compute=compute, client="ip:203.0.113.7")
    await cache.answer(question)
    clock.advance(90)
    database.error = TooManyQueriesError(1, "renewals")
    answers = await asyncio.gather(*(cache.answer(question) for _ in range(50)))
    assert {told(answer) for answer in answers} == {("HIT", 1)}
    await let_others_run()
    assert worked_for == [None, OwnWork.RENEWAL]
    clock.advance(11)
    database.error = None
    assert told(await cache.answer(question)) == ("MISS", 3)
    assert worked_for[-1] is None


async def test_nothing_stands_in_for_ever_or_after_an_invalidation(
    cache: AnswerCache, database: Database, clock: Any
) -> None:
    await cache.answer(database.question("old"))
    clock.advance(151)
    await cache.answer(database.question("invalidated"))
    await cache.invalidate(frozenset({"public.orders"}))
    database.error = DatabaseUnavailableError()
    for key in ("old", "invalidated"):
        with pytest.raises(DatabaseUnavailableError):
            await cache.answer(database.question(key))


async def test_a_fresh_answer_is_computed_and_kept(cache: AnswerCache, database: Database) -> None:
    await cache.answer(database.question())
    assert told(await cache.fresh_answer(database.question())) == ("BYPASS", 2)
    assert told(await cache.answer(database.question())) == ("HIT", 2)


async def test_an_answer_without_expiry_stays(
    cache: AnswerCache, database: Database, clock: Any
) -> None:
    await cache.answer(database.question(ttl=None))
    clock.advance(1e9)
    assert told(await cache.answer(database.question(ttl=None))) == ("HIT", 1)


async def test_an_answer_without_lifetime_is_not_kept(
    cache: AnswerCache, database: Database
) -> None:
    await cache.answer(database.question(ttl=0))
    assert told(await cache.answer(database.question(ttl=0))) == ("MISS", 2)


async def test_an_answer_that_is_too_large_is_not_kept(
    make_cache: MakeCache, database: Database
) -> None:
    cache = make_cache(policy=CachePolicy(max_entry_bytes=10))
    database.rows = b"[[12345678901]]"
    await cache.answer(database.question())
    assert (await cache.answer(database.question())).outcome is CacheOutcome.MISS


async def test_callers_of_a_cold_process_share_one_read(
    here: AnswerCache,
    elsewhere: AnswerCache,
    store: FailingStore,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await elsewhere.answer(database.question())
    store.calls.clear()
    find = store.get

    async def find_later(key: str) -> Any | None:
        await asyncio.sleep(0)  # the others come
        return await find(key)

    monkeypatch.setattr(store, "get", find_later)
    answers = await asyncio.gather(*[here.answer(database.question()) for _ in range(50)])
    assert {(each.outcome, each.tier) for each in answers} == {(CacheOutcome.HIT, CacheTier.SHARED)}
    assert store.calls.count("get") == 1
    assert len({id(each.entry) for each in answers}) == 1


async def test_who_is_to_compute_reads_anew(
    make_cache: MakeCache,
    store: FailingStore,
    database: Database,
    clock: Clock,
    let_others_run: LetOthersRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not together with somebody whose read began before another process had written."""
    lease = InMemoryComputationLease(clock)
    here, elsewhere = [make_cache(leased=LeasedComputation(lease, clock)) for _ in range(2)]
    may_compute, may_acquire, may_find = [asyncio.Event() for _ in range(3)]
    acquire, find = lease.acquire, store.get

    async def compute() -> EncodedResult:
        await may_compute.wait()
        return await database.compute()

    async def acquire_late(name: str, seconds: float) -> str | None:
        await may_acquire.wait()
        return await acquire(name, seconds)

    async def find_late(key: str) -> Any | None:
        found = await find(key)
        await may_find.wait()
        return found

    question = database.question()._replace(compute=compute)
    other_process = asyncio.create_task(elsewhere.answer(question))
    await let_others_run()
    monkeypatch.setattr(lease, "acquire", acquire_late)
    caller = asyncio.create_task(here.answer(question))
    await let_others_run()
    monkeypatch.setattr(store, "get", find_late)
    slow_caller = asyncio.create_task(here.answer(question))
    await let_others_run()
    monkeypatch.setattr(store, "get", find)
    may_compute.set()
    await other_process
    may_acquire.set()
    await let_others_run()
    may_find.set()
    assert told(await caller) == ("HIT", 1)
    await slow_caller
    assert database.asked == 1


@pytest.mark.parametrize(
    ("size", "stored"), [(100, 500), (120_000, 121_000), (140_000, 1_500), (1_000_000, 9_000)]
)
async def test_large_answers_are_compressed_in_the_shared_store_only(
    make_cache: MakeCache, store: FailingStore, database: Database, size: int, stored: int
) -> None:
    database.rows = b'[["%b"]]' % (b"x" * size)
    here, elsewhere = make_cache(), make_cache()
    await here.answer(database.question())
    assert stored / 2 < len(await store.get("key") or b"") < stored
    hits = [await cache.answer(database.question()) for cache in (here, elsewhere, elsewhere)]
    assert [hit.tier for hit in hits] == [CacheTier.MEMORY, CacheTier.SHARED, CacheTier.MEMORY]
    assert hits[2].entry is hits[1].entry  # what is in memory need not be inflated again
    for hit in hits:
        assert hit.entry is not None
        assert type(hit.entry.stored) is bytes
        assert result_of(hit.entry, OUTPUTS).batch.rows_json == database.rows


@pytest.mark.parametrize(("one", "other"), [(1, 10**9), (10**9, 1)], ids=["off", "on"])
async def test_processes_that_compress_otherwise_understand_each_other(
    make_cache: MakeCache, database: Database, one: int, other: int
) -> None:
    """As while servers of two versions run side by side."""
    writer = make_cache(policy=replace(POLICY, compress_from=one))
    reader = make_cache(policy=replace(POLICY, compress_from=other))
    await writer.answer(database.question())
    assert told(await reader.answer(database.question())) == ("HIT", 1)


@pytest.mark.parametrize("size", [100, 140_000, 1_000_000])
async def test_a_body_that_is_damaged_in_the_store_is_a_miss(
    make_cache: MakeCache, store: FailingStore, database: Database, size: int
) -> None:
    """Also where a stranger has made the checksum right again."""
    database.rows = b'[["%b"]]' % (b"x" * size)
    question = database.question()
    await make_cache().answer(question)
    whole = await store.get("key")
    assert isinstance(whole, bytes)
    sealed = whole[8:-1]
    for damaged in (
        whole[:-1],
        whole[:4] + crc32(sealed).to_bytes(4) + sealed,
        b"\x93pe\x00" + whole,
    ):
        await store.set("key", damaged)
        answer = await make_cache().answer(question)
        assert (answer.outcome, answer.reason) == (CacheOutcome.MISS, MissReason.CORRUPT)


@pytest.mark.parametrize("failing", [{"get"}, {"set"}, {"count"}, {"read"}, {"get", "set", "read"}])
async def test_a_store_that_fails_fails_no_query(
    here: AnswerCache, store: FailingStore, database: Database, clock: Any, failing: set[str]
) -> None:
    await here.answer(database.question())
    store.failing = failing
    for seconds in (0.0, 1.0, 10.0):
        clock.advance(seconds)
        assert (await here.answer(database.question())).outcome in CacheOutcome
        assert (await here.fresh_answer(database.question())).outcome is CacheOutcome.BYPASS


@pytest.mark.parametrize("failing", [{"set"}, {"count"}, {"set", "count"}])
async def test_an_answer_that_could_not_be_written_is_counted(
    here: AnswerCache,
    store: FailingStore,
    metrics: CountingMetrics,
    database: Database,
    failing: set[str],
) -> None:
    store.failing = failing
    await here.answer(database.question())
    assert metrics.failed_writes == 1


async def test_a_hit_in_memory_asks_nobody(
    here: AnswerCache, store: FailingStore, database: Database
) -> None:
    await here.answer(database.question())
    store.calls.clear()
    answers = [await here.answer(database.question()) for _ in range(10)]
    assert {(each.outcome, each.tier) for each in answers} == {(CacheOutcome.HIT, CacheTier.MEMORY)}
    assert here.kept_answer(database.question()) == answers[0]
    assert store.calls == []


async def test_a_hit_in_the_shared_store_is_one_call_and_the_next_one_none(
    here: AnswerCache, elsewhere: AnswerCache, store: FailingStore, database: Database
) -> None:
    await elsewhere.answer(database.question())
    await here.answer(database.question("other"))  # the versions are known here now
    store.calls.clear()
    answer = await here.answer(database.question())
    assert (answer.outcome, answer.tier) == (CacheOutcome.HIT, CacheTier.SHARED)
    assert told(answer) == ("HIT", 1)
    assert store.calls == ["get"]
    assert (await here.answer(database.question())).tier is CacheTier.MEMORY
    assert store.calls == ["get"]


async def test_looking_moves_nothing_into_memory(
    here: AnswerCache, elsewhere: AnswerCache, database: Database
) -> None:
    await elsewhere.answer(database.question())
    for _ in range(2):
        look = await here.look(database.question())
        assert (look.tier, look.reason) == (CacheTier.SHARED, None)
        assert set(look.versions) == {"*", "public.orders"}
    assert here.kept_answer(database.question()) is None


async def test_an_expired_answer_in_memory_gives_way_to_a_newer_one_of_another_process(
    here: AnswerCache, elsewhere: AnswerCache, database: Database, clock: Any
) -> None:
    await here.answer(database.question())
    clock.advance(101)
    await elsewhere.answer(database.question())
    assert told(await here.answer(database.question())) == ("HIT", 2)


async def test_what_was_promoted_does_not_replace_what_is_newer(
    here: AnswerCache, elsewhere: AnswerCache, database: Database, clock: Any
) -> None:
    """A caller asks for a fresh answer while another one is on its way with the older."""
    await elsewhere.answer(database.question())
    clock.advance(1)
    look = await here.look(database.question())
    await here.fresh_answer(database.question())
    here._kept.promote("key", look)
    assert told(await here.answer(database.question())) == ("HIT", 2)


async def test_in_an_outage_answers_go_on_then_are_kept_by_this_process_for_a_while(
    here: AnswerCache, store: FailingStore, database: Database, clock: Any
) -> None:
    await here.answer(database.question())
    store.failing = {"get", "set", "count", "read", "rotate"}
    clock.advance(0.5)  # the versions must be read again
    assert told(await here.answer(database.question())) == ("HIT", 1)
    clock.advance(4.4)
    assert told(await here.answer(database.question())) == ("HIT", 1)
    clock.advance(0.1)  # what was known of the store before is too old now
    assert told(await here.answer(database.question())) == ("MISS", 2)
    store.calls.clear()
    clock.advance(3.9)
    assert told(await here.answer(database.question())) == ("HIT", 2)
    clock.advance(1.1)
    assert told(await here.answer(database.question())) == ("MISS", 3)
    assert store.calls == []


async def test_in_an_outage_an_invalidation_holds_here_at_once_and_elsewhere_afterwards(
    make_cache: MakeCache,
    store: FailingStore,
    database: Database,
    clock: Any,
    let_others_run: LetOthersRun,
) -> None:
    here, elsewhere = make_cache(), make_cache()
    await here.answer(database.question())
    await elsewhere.answer(database.question())
    store.failing = {"get", "set", "count", "read", "rotate"}
    assert await here.invalidate(frozenset({"public.orders"})) == 0
    assert told(await here.answer(database.question())) == ("MISS", 2)
    assert told(await here.answer(database.question())) == ("HIT", 2)
    store.recover()
    await let_others_run()
    clock.advance(0.5)
    assert told(await elsewhere.answer(database.question())) == ("MISS", 3)
    assert told(await here.answer(database.question())) == ("HIT", 3)


async def test_what_was_computed_in_an_outage_is_not_believed_after_it(
    here: AnswerCache, store: FailingStore, database: Database, let_others_run: LetOthersRun
) -> None:
    store.failing = {"get", "set", "count", "read", "rotate"}
    await here.answer(database.question())
    assert told(await here.answer(database.question())) == ("HIT", 1)
    store.recover()
    await let_others_run()
    answer = await here.answer(database.question())
    assert (told(answer), answer.reason) == (("MISS", 2), MissReason.INVALIDATED)


async def test_in_an_outage_of_both_nothing_stands_in_that_others_may_have_invalidated(
    here: AnswerCache, store: FailingStore, database: Database, clock: Any
) -> None:
    await here.answer(database.question("before"))
    store.failing = {"get", "set", "count", "read", "rotate"}
    clock.advance(0.5)
    await here.answer(database.question("meanwhile"))
    database.error = DatabaseUnavailableError()
    clock.advance(5.0)
    for key in ("before", "meanwhile"):
        with pytest.raises(DatabaseUnavailableError):
            await here.answer(database.question(key))


async def test_callers_who_wait_for_the_same_are_counted(
    cache: AnswerCache, metrics: CountingMetrics, database: Database, let_others_run: LetOthersRun
) -> None:
    gate = asyncio.Event()

    async def compute() -> EncodedResult:
        await gate.wait()
        return await database.compute()

    question = Question("key", frozenset(), compute, None)
    callers = [asyncio.create_task(cache.answer(question)) for _ in range(10)]
    await let_others_run()
    assert cache.waiting == 10
    gate.set()
    assert {told(answer) for answer in await asyncio.gather(*callers)} == {("MISS", 1)}
    assert metrics.joined == 9


@pytest.mark.parametrize("garbage", [b"", b"garbage", "text", {"a": 1}])
async def test_a_damaged_entry_is_a_miss(
    here: AnswerCache, store: FailingStore, database: Database, garbage: Any
) -> None:
    await store.set("key", garbage)
    answer = await here.answer(database.question())
    assert (told(answer), answer.reason) == (("MISS", 1), MissReason.CORRUPT)


async def test_closing_ends_what_is_under_way(
    cache: AnswerCache, database: Database, let_others_run: LetOthersRun
) -> None:
    never = asyncio.Event()

    async def compute() -> EncodedResult:
        await never.wait()
        return await database.compute()

    question = Question("key", frozenset(), compute, None)
    caller = asyncio.create_task(cache.answer(question))
    await let_others_run()
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_an_answer_says_why_it_was_computed(
    cache: AnswerCache, database: Database, clock: Any
) -> None:
    reasons = [(await cache.answer(database.question())).reason]
    reasons.append((await cache.answer(database.question())).reason)
    await cache.invalidate(frozenset({"public.orders"}))
    reasons.append((await cache.answer(database.question())).reason)
    clock.advance(101)
    reasons.append((await cache.answer(database.question())).reason)
    names = [reason and reason.value for reason in reasons]
    assert names == ["absent", None, "invalidated", "expired"]


async def test_looking_computes_and_renews_nothing(
    cache: AnswerCache, database: Database, clock: Any, let_others_run: LetOthersRun
) -> None:
    question = database.question()
    assert (await cache.look(question)).reason is MissReason.ABSENT
    await cache.answer(question)
    clock.advance(90)
    look = await cache.look(question)
    await let_others_run()
    assert (look.freshness, look.reason) == (Freshness.STALE_REFRESH, None)
    assert look.entry is not None
    await cache.invalidate(question.tables)
    invalidated = await cache.look(question)
    assert (invalidated.freshness, invalidated.reason) == (Freshness.DEAD, MissReason.INVALIDATED)
    assert invalidated.entry is not None
    assert dict(invalidated.entry.versions) == dict(look.entry.versions)
    assert database.asked == 1
