"""What is announced is invalidated, whatever happens meanwhile. Time is virtual."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.errors import ConfigurationError, StoreUnavailableError
from prismiq.domain.services.change_listener import ChangeListener
from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.dependency_source import TableName

FLIGHTS, PLANES = ("public", "flights"), ("public", "planes")
ALL = "everything"


@pytest.fixture(autouse=True)
async def virtual_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Whenever all tasks wait, the time they wait for has come."""
    loop = asyncio.get_running_loop()
    selector = loop._selector  # type: ignore[attr-defined]
    select, passed = selector.select, 0.0

    def pass_time(timeout: float | None) -> object:
        nonlocal passed
        passed += max(timeout or 0, 0)
        return select(0 if timeout is not None else None)

    monkeypatch.setattr(selector, "select", pass_time)
    monkeypatch.setattr(loop, "time", lambda: 1_000 + passed)
    return lambda: passed


class ScriptedFeed(ChangeFeed):
    """Announces what a test tells it to; connects when it is listened to."""

    def __init__(self, *, connects: bool = True) -> None:
        self._connects = connects
        self.is_possible = True
        self.listeners = 0
        self.is_listened_to = asyncio.Event()

    async def require_possible(self) -> None:
        if not self.is_possible:
            raise ConfigurationError("This is a standby.")

    @asynccontextmanager
    async def listen(
        self,
        on_tables: Callable[[frozenset[TableName]], None],
        on_gap: Callable[[], None],
        on_connection: Callable[[bool], None],
    ) -> AsyncIterator[None]:
        self.tell, self.gap, self.connection = on_tables, on_gap, on_connection
        self.listeners += 1
        self.is_listened_to.set()
        if self._connects:
            on_connection(True)
            on_gap()
        try:
            yield
        finally:
            self.listeners -= 1


class GatedCache:
    """Remembers what was made invalid. It can wait for a gate, and be away for some calls."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_called = asyncio.Event()

    async def invalidate(self, names: frozenset[str]) -> int:
        return await self._take(names)

    async def invalidate_all(self) -> int:
        return await self._take(ALL)

    async def _take(self, what: object) -> int:
        self.is_called.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.done.append(what)
        return 1


class ConnectionMetrics(NoMetrics):
    def __init__(self) -> None:
        self.told: list[bool] = []

    def change_feed_changed(self, *, connected: bool) -> None:
        self.told.append(connected)


@pytest.fixture
def feed() -> ScriptedFeed:
    return ScriptedFeed()


@pytest.fixture
def cache() -> GatedCache:
    return GatedCache()


@pytest.fixture
def metrics() -> ConnectionMetrics:
    return ConnectionMetrics()


@pytest.fixture
def listener(feed: ScriptedFeed, cache: GatedCache, metrics: ConnectionMetrics) -> ChangeListener:
    return ChangeListener(feed, cache.invalidate, cache.invalidate_all, metrics)


async def test_what_was_kept_before_the_start_is_invalid_when_it_has_started(
    listener: ChangeListener, cache: GatedCache
) -> None:
    async with listener:
        assert cache.done == [ALL]


async def test_a_change_invalidates_its_table_by_the_name_of_its_version(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        feed.tell(frozenset({FLIGHTS}))
        await listener.settled()
        feed.tell(frozenset({("odd.schema", "a.b")}))
        await listener.settled()
        assert cache.done == [ALL, {"public.flights"}, {"odd\\.schema.a.b"}]


async def test_a_gap_invalidates_everything_once(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        feed.tell(frozenset({FLIGHTS}))
        feed.gap()
        feed.gap()
        await listener.settled()
        assert cache.done == [ALL, ALL]


async def test_a_burst_is_invalidated_together(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        cache.gate.clear()
        feed.tell(frozenset({FLIGHTS}))
        cache.is_called.clear()
        await cache.is_called.wait()
        for _ in range(1_000):
            feed.tell(frozenset({FLIGHTS}))
            feed.tell(frozenset({PLANES}))
        cache.gate.set()
        await listener.settled()
        both = {"public.flights", "public.planes"}
        assert cache.done == [ALL, {"public.flights"}, both]


async def test_a_change_amid_the_invalidation_of_its_table_is_invalidated_after_it(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        cache.gate.clear()
        cache.is_called.clear()
        feed.tell(frozenset({FLIGHTS}))
        await cache.is_called.wait()
        feed.tell(frozenset({FLIGHTS}))  # the first rotation may have happened before this change
        settled = asyncio.create_task(listener.settled())
        cache.gate.set()
        await settled
        assert cache.done == [ALL, {"public.flights"}, {"public.flights"}]


@pytest.mark.parametrize("error", [StoreUnavailableError(), RuntimeError("a mistake of ours")])
async def test_what_could_not_be_invalidated_is_tried_until_it_is(
    listener: ChangeListener,
    feed: ScriptedFeed,
    cache: GatedCache,
    error: Exception,
    virtual_time: Callable[[], float],
) -> None:
    async with listener:
        cache.failures = [error] * 10
        before = virtual_time()
        feed.tell(frozenset({FLIGHTS}))
        cache.is_called.clear()
        await cache.is_called.wait()
        feed.tell(frozenset({PLANES}))
        await listener.settled()
        assert cache.done == [ALL, {"public.flights", "public.planes"}]
        # 0.05 + 0.1 + … + 1.6 and then 2 seconds each time
        assert virtual_time() - before == pytest.approx(3.15 + 4 * 2, abs=0.1)


async def test_an_outage_is_logged_once(
    listener: ChangeListener,
    feed: ScriptedFeed,
    cache: GatedCache,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listener:
        cache.failures = [StoreUnavailableError()] * 10
        feed.tell(frozenset({FLIGHTS}))
        await listener.settled()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_gap_that_could_not_be_handled_stays_one(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        cache.failures = [StoreUnavailableError()]
        feed.gap()
        await listener.settled()
        assert cache.done == [ALL, ALL]


async def test_pauses_begin_anew_after_each_success(
    listener: ChangeListener,
    feed: ScriptedFeed,
    cache: GatedCache,
    virtual_time: Callable[[], float],
) -> None:
    async with listener:
        for _ in range(3):
            cache.failures = [StoreUnavailableError()] * 2
            before = virtual_time()
            feed.tell(frozenset({FLIGHTS}))
            await listener.settled()
            assert virtual_time() - before == pytest.approx(0.15, abs=0.01)


async def test_too_many_tables_at_once_are_everything(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        feed.tell(frozenset(("public", str(number)) for number in range(10_001)))
        await listener.settled()
        assert cache.done == [ALL, ALL]


async def test_the_start_does_not_wait_for_a_store_that_is_away(
    listener: ChangeListener, cache: GatedCache, virtual_time: Callable[[], float]
) -> None:
    cache.failures = [StoreUnavailableError()] * 10
    async with listener:
        assert virtual_time() <= 2.5
        assert cache.done == []
        await listener.settled()
        assert cache.done == [ALL]


async def test_a_database_that_cannot_announce_stops_the_start(
    listener: ChangeListener, feed: ScriptedFeed
) -> None:
    feed.is_possible = False
    with pytest.raises(ConfigurationError):
        await listener.__aenter__()
    assert feed.listeners == 0


async def test_a_start_that_is_given_up_leaves_nothing_behind(
    cache: GatedCache, metrics: ConnectionMetrics
) -> None:
    feed = ScriptedFeed(connects=False)
    listener = ChangeListener(feed, cache.invalidate, cache.invalidate_all, metrics)
    start = asyncio.create_task(listener.__aenter__())
    await feed.is_listened_to.wait()
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    assert feed.listeners == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_it_can_be_entered_again(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    for _ in range(2):
        async with listener:
            assert feed.listeners == 1
    assert feed.listeners == 0
    assert cache.done == [ALL, ALL]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_was_heard_is_invalidated_before_it_ends(
    listener: ChangeListener, feed: ScriptedFeed, cache: GatedCache
) -> None:
    async with listener:
        cache.failures = [StoreUnavailableError()]
        feed.tell(frozenset({FLIGHTS}))
    assert cache.done == [ALL, {"public.flights"}]


async def test_the_end_does_not_wait_long_for_a_store_that_is_away(
    listener: ChangeListener,
    feed: ScriptedFeed,
    cache: GatedCache,
    virtual_time: Callable[[], float],
) -> None:
    async with listener:
        cache.failures = [StoreUnavailableError()] * 100
        before = virtual_time()
        feed.tell(frozenset({FLIGHTS}))
    assert virtual_time() - before == pytest.approx(1, abs=0.1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_metrics_are_told_when_the_connection_comes_and_goes(
    listener: ChangeListener,
    feed: ScriptedFeed,
    metrics: ConnectionMetrics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listener:
        assert metrics.told == [True]
        for connected in (False, False, False, True):
            feed.connection(connected)
        assert metrics.told == [True, False, True]
    assert metrics.told == [True, False, True, False]
    assert len(caplog.records) == 2
