"""What a process knows of the tokens, and when it believes that."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from itertools import count
from math import inf

import pytest
from tests.unit.conftest import ManualClock

from prismiq.adapters.memory.invalidation_bus import InMemoryExchange, InMemoryInvalidationBus
from prismiq.adapters.memory.table_versions import InMemoryTableVersions
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.ports.store_availability import StoreAvailability

LetOthersRun = Callable[[], Awaitable[None]]

A, B = frozenset({"a"}), frozenset({"b"})
BOTH = A | B


class Store(InMemoryTableVersions, StoreAvailability):
    """Notes what it is asked. It can be away, refuse, or hold an answer back on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[frozenset[str]] = []
        self.rotations: list[frozenset[str]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.open = asyncio.Event()
        self.open.set()
        self.refuses = False
        self.pauses: list[float] = []

    @property
    def is_available(self) -> bool:
        return self.open.is_set()

    def watch(self, on_change: Callable[[bool], None]) -> None:
        raise NotImplementedError

    async def available(self) -> None:
        await self.open.wait()

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        self._check()
        self.reads.append(frozenset(tables))
        tokens = await super().read(tables)
        await self.answers.wait()
        self._check()
        return tokens

    async def rotate(self, tables: Collection[str]) -> int:
        self._check()
        self.rotations.append(frozenset(tables))
        return await super().rotate(tables)

    async def rotate_all(self) -> int:
        self._check()
        self.rotations.append(frozenset({self.EVERYTHING}))
        return await super().rotate_all()

    def _check(self) -> None:
        if self.refuses or not self.open.is_set():
            raise StoreUnavailableError


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def exchange() -> InMemoryExchange:
    return InMemoryExchange()


class Bus(InMemoryInvalidationBus):
    """Remembers the listener, so that a test can tell it of a gap."""

    def __init__(self, exchange: InMemoryExchange) -> None:
        super().__init__(exchange)
        self.on_gap: Callable[[], None] = lambda: None

    def listen(self, on_names, on_gap):  # type: ignore[no-untyped-def]
        self.on_gap = on_gap
        return super().listen(on_names, on_gap)


@pytest.fixture
def bus(exchange: InMemoryExchange) -> Bus:
    return Bus(exchange)


@pytest.fixture
async def versions(store: Store, bus: Bus, clock: ManualClock) -> AsyncIterator[KnownVersions]:
    tokens = map("own{}".format, count())
    async with KnownVersions(
        store,
        bus,
        store,
        clock,
        new_token=lambda: next(tokens),
        max_age=0.5,
        max_outage_age=5.0,
        pause=store.pause,
    ) as versions:
        yield versions


@pytest.fixture
def elsewhere(exchange: InMemoryExchange) -> InMemoryInvalidationBus:
    return InMemoryInvalidationBus(exchange)


async def test_what_is_known_is_not_asked_again(versions: KnownVersions, store: Store) -> None:
    assert versions.known(BOTH) is None
    first = await versions.present(BOTH)
    assert versions.known(BOTH) == first
    assert await versions.present(BOTH) == first
    assert [name for name, _ in first.tables] == ["a", "b"]
    assert (first.is_shared, first.lifetime) == (True, inf)
    assert len(store.reads) == 1


async def test_tokens_in_use_are_read_again_in_the_background_in_one_call(
    versions: KnownVersions, store: Store, clock: ManualClock, let_others_run: LetOthersRun
) -> None:
    await versions.present(A)
    await versions.present(B)
    store.reads.clear()
    for _ in range(20):
        clock.advance(0.1)
        assert versions.known(A) is not None
        assert versions.known(B) is not None
        await let_others_run()
    assert 5 <= len(store.reads) <= 10
    assert all(names >= BOTH for names in store.reads[1:])


async def test_tokens_nobody_uses_are_not_read_again(
    versions: KnownVersions, store: Store, clock: ManualClock, let_others_run: LetOthersRun
) -> None:
    await versions.present(A)
    await versions.present(B)
    for _ in range(10):
        clock.advance(0.3)
        versions.known(A)
        await let_others_run()
    assert "b" not in store.reads[-1]
    assert versions.known(B) is None


async def test_no_token_is_believed_for_longer_than_the_bound(
    versions: KnownVersions, store: Store, clock: ManualClock
) -> None:
    before = await versions.present(A)
    await store.rotate(A)  # by a process whose message is lost
    clock.advance(0.49)
    assert versions.known(A) == before
    clock.advance(0.01)
    assert versions.known(A) is None
    assert await versions.present(A) != before


async def test_the_age_counts_from_the_beginning_of_the_reading(
    versions: KnownVersions, store: Store, clock: ManualClock, let_others_run: LetOthersRun
) -> None:
    store.answers.clear()
    reading = asyncio.create_task(versions.present(A))
    await let_others_run()
    clock.advance(0.4)
    store.answers.set()
    await reading
    clock.advance(0.1)
    assert versions.known(A) is None


async def test_a_message_makes_a_token_unknown_at_once(
    versions: KnownVersions, store: Store, elsewhere: InMemoryInvalidationBus
) -> None:
    before = await versions.present(BOTH)
    await store.rotate(A)
    await elsewhere.publish(A)
    assert versions.known(A) is None
    assert versions.known(B) is not None
    after = await versions.present(BOTH)
    assert (after.tables[0] != before.tables[0], after.tables[1:]) == (True, before.tables[1:])


@pytest.mark.parametrize("everything", [False, True], ids=["a gap", "everything"])
async def test_a_gap_or_everything_makes_all_tokens_unknown(
    versions: KnownVersions, bus: Bus, elsewhere: InMemoryInvalidationBus, everything: bool
) -> None:
    await versions.present(BOTH)
    if everything:
        await elsewhere.publish(["*"])
    else:
        bus.on_gap()
    assert versions.known(A) is None
    assert versions.known(frozenset()) is None


@pytest.mark.parametrize("what", ["a message", "a gap", "an invalidation here"])
async def test_a_reading_under_way_does_not_bring_an_old_token_back(
    versions: KnownVersions, store: Store, bus: Bus, let_others_run: LetOthersRun, what: str
) -> None:
    store.answers.clear()
    reading = asyncio.create_task(versions.present(A))
    await let_others_run()
    if what == "an invalidation here":
        await versions.rotate(A)
    else:
        await store.rotate(A)
        bus.on_gap() if what == "a gap" else versions._forget(A)
    late = asyncio.create_task(versions.present(A))
    await let_others_run()
    store.answers.set()
    old, new = await reading, await late
    assert old != new
    assert versions.known(A) == new


async def test_a_thousand_callers_cause_one_reading(versions: KnownVersions, store: Store) -> None:
    await asyncio.gather(*(versions.present(BOTH) for _ in range(1000)))
    assert len(store.reads) == 1


async def test_a_caller_who_leaves_takes_the_reading_from_nobody(
    versions: KnownVersions, store: Store, let_others_run: LetOthersRun
) -> None:
    store.answers.clear()
    callers = [asyncio.create_task(versions.present(A)) for _ in range(2)]
    await let_others_run()
    callers[0].cancel()
    await let_others_run()
    store.answers.set()
    assert await callers[1] == versions.known(A)


async def test_an_invalidation_is_told_to_others_and_counted(
    versions: KnownVersions, elsewhere: InMemoryInvalidationBus
) -> None:
    heard: list[frozenset[str]] = []
    async with elsewhere.listen(heard.append, lambda: None):
        before = await versions.present(A)
        await versions.count_entry(A)
        assert await versions.rotate(A) == 1
        assert await versions.present(A) != before
        await versions.count_entry(A)
        assert await versions.rotate_all() == 1
    assert heard == [A, frozenset({"*"})]


async def test_in_an_outage_the_last_tokens_go_on_then_come_own_ones(
    versions: KnownVersions, store: Store, clock: ManualClock
) -> None:
    before = await versions.present(A)
    store.open.clear()
    clock.advance(0.5)
    last = await versions.present(A)
    assert (last.tables, last.everything) == (before.tables, before.everything)
    assert (last.is_shared, last.lifetime, versions.is_shared) == (False, 5.0, False)
    new_table = versions.known(B)
    assert new_table is not None
    assert new_table.tables[0][1].startswith(b"own")
    clock.advance(4.4)
    assert versions.known(A) == last
    clock.advance(0.1)
    own = versions.known(A)
    assert own is not None
    assert own.everything.startswith(b"own")
    clock.advance(1000)
    assert versions.known(A) == own


async def test_in_an_outage_nobody_waits_and_the_store_is_not_asked(
    versions: KnownVersions, store: Store
) -> None:
    store.open.clear()
    await versions.present(A)
    store.reads.clear()
    assert all(versions.known(frozenset({f"t{number}"})) for number in range(100))
    assert store.reads == []


async def test_in_an_outage_messages_and_invalidations_still_count(
    versions: KnownVersions, store: Store, elsewhere: InMemoryInvalidationBus
) -> None:
    before = await versions.present(BOTH)
    store.open.clear()
    assert await versions.rotate(A) == 0
    first = versions.known(BOTH)
    assert first is not None
    assert first.tables[0] != before.tables[0]
    assert first.tables[1] == before.tables[1]
    await versions.rotate(A)
    second = versions.known(BOTH)
    assert second is not None
    assert second.tables[0] != first.tables[0]
    await elsewhere.publish(B)
    third = versions.known(BOTH)
    assert third is not None
    assert third.tables[1] != before.tables[1]


async def test_what_was_invalidated_is_replayed_before_the_store_is_believed(
    versions: KnownVersions,
    store: Store,
    elsewhere: InMemoryInvalidationBus,
    let_others_run: LetOthersRun,
) -> None:
    heard: list[frozenset[str]] = []
    before = await versions.present(BOTH)
    store.open.clear()
    await versions.rotate(A)
    await versions.rotate(A)
    store.answers.clear()
    async with elsewhere.listen(heard.append, lambda: None):
        store.open.set()
        await let_others_run()
        assert store.rotations == [A]
        was_shared = versions.is_shared  # the answer to its reading is on the way
        await versions.rotate(B)  # meanwhile
        store.answers.set()
        await let_others_run()
    assert store.rotations == heard == [A, B]
    after = await versions.present(BOTH)
    assert (was_shared, versions.is_shared) == (False, True)
    assert not set(after.tables) & set(before.tables)


async def test_more_tables_than_can_be_remembered_are_everything(
    versions: KnownVersions, store: Store, let_others_run: LetOthersRun
) -> None:
    store.open.clear()
    await versions.present(A)
    for number in range(1_001):
        await versions.rotate(frozenset({f"t{number}"}))
    store.open.set()
    await let_others_run()
    assert store.rotations == [frozenset({"*"})]


async def test_a_store_that_answers_and_refuses_is_tried_with_growing_pauses(
    versions: KnownVersions, store: Store, let_others_run: LetOthersRun
) -> None:
    store.refuses = True
    own = await versions.present(A)
    await let_others_run()
    assert store.pauses[:3] == [0.05, 0.1, 0.2]
    assert versions.known(A) == own  # it does not change with each try
    store.refuses = False
    await let_others_run()
    assert versions.is_shared


async def test_a_gap_while_the_store_comes_back_leaves_nothing_known(
    versions: KnownVersions, store: Store, bus: Bus, let_others_run: LetOthersRun
) -> None:
    await versions.present(A)
    store.refuses = True
    await versions.rotate(B)
    store.refuses = False
    store.answers.clear()
    await let_others_run()
    bus.on_gap()
    store.answers.set()
    await let_others_run()
    assert versions.is_shared
    assert versions.known(A) is None


async def test_what_can_not_be_delivered_at_the_end_is_said(
    store: Store, bus: Bus, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    versions = KnownVersions(store, bus, store, clock, new_token=lambda: "own")
    async with versions:
        store.open.clear()
        await versions.rotate(A)
    assert "is untold" in caplog.text


async def test_at_the_end_the_replay_is_tried_once_more(
    store: Store, bus: Bus, clock: ManualClock
) -> None:
    async with KnownVersions(store, bus, store, clock, new_token=lambda: "own") as versions:
        store.open.clear()
        await versions.rotate(A)
        store.open.set()
    assert store.rotations == [A]


async def test_where_no_other_process_is_nothing_is_read_twice(
    bus: Bus, clock: ManualClock, store: Store
) -> None:
    async with KnownVersions(
        store, bus, store, clock, new_token=lambda: "own", max_age=inf
    ) as versions:
        before = await versions.present(A)
        clock.advance(1e6)
        assert versions.known(A) == before
        await versions.rotate(A)
        assert await versions.present(A) != before
    assert len(store.reads) == 2
