"""One flight per key, and nobody's patience is anybody else's."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prismiq.domain.services.single_flight import SingleFlight


class Work:
    """Work that ends when it is told to."""

    def __init__(self, value: str = "done") -> None:
        self.value = value
        self.runs = 0
        self.cancelled = False
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> str:
        self.runs += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return self.value


class Landings(list[tuple[str, str]]):
    def __call__(self, key: str, value: str) -> None:
        self.append((key, value))


LetOthersRun = Callable[[], Awaitable[None]]


async def test_callers_of_one_key_share_one_run(let_others_run: LetOthersRun) -> None:
    work, landings = Work(), Landings()
    flights = SingleFlight(landings)
    callers = [asyncio.create_task(flights.join("a", work)) for _ in range(100)]
    await let_others_run()
    work.may_end.set()
    assert await asyncio.gather(*callers) == ["done"] * 100
    assert work.runs == 1
    assert landings == [("a", "done")]


async def test_keys_do_not_wait_for_each_other(let_others_run: LetOthersRun) -> None:
    slow, fast = Work("slow"), Work("fast")
    flights = SingleFlight(Landings())
    waiting = asyncio.create_task(flights.join("slow", slow))
    await let_others_run()
    fast.may_end.set()
    assert await flights.join("fast", fast) == "fast"
    assert not waiting.done()
    slow.may_end.set()
    assert await waiting == "slow"


async def test_a_cancelled_caller_cancels_nobody_else(let_others_run: LetOthersRun) -> None:
    work = Work()
    flights = SingleFlight(Landings())
    first, second = (asyncio.create_task(flights.join("a", work)) for _ in range(2))
    await let_others_run()
    first.cancel()
    await let_others_run()
    assert first.cancelled()
    work.may_end.set()
    assert await second == "done"
    assert not work.cancelled


async def test_the_work_goes_on_when_every_caller_has_left(let_others_run: LetOthersRun) -> None:
    work, landings = Work(), Landings()
    flights = SingleFlight(landings)
    caller = asyncio.create_task(flights.join("a", work))
    await let_others_run()
    caller.cancel()
    await let_others_run()
    work.may_end.set()
    await let_others_run()
    assert landings == [("a", "done")]


async def test_all_callers_get_the_error_and_the_next_one_tries_again(
    let_others_run: LetOthersRun,
) -> None:
    failing, landings = Work(), Landings()
    failing.error = ValueError("no")
    flights = SingleFlight(landings)
    callers = [asyncio.create_task(flights.join("a", failing)) for _ in range(3)]
    await let_others_run()
    failing.may_end.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no"] * 3
    healthy = Work("better")
    healthy.may_end.set()
    assert await flights.join("a", healthy) == "better"
    assert landings == [("a", "better")]


async def test_an_error_that_nobody_waits_for_is_not_reported_as_lost(
    let_others_run: LetOthersRun,
) -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reports.append(context))
    try:
        work = Work()
        work.error = ValueError("no")
        flights = SingleFlight(Landings())
        caller = asyncio.create_task(flights.join("a", work))
        await let_others_run()
        caller.cancel()
        await let_others_run()
        work.may_end.set()
        await let_others_run()
        del flights, caller, work
        await let_others_run()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert reports == []


async def test_an_overtaken_flight_serves_its_callers_but_does_not_land(
    let_others_run: LetOthersRun,
) -> None:
    old, new, landings = Work("old"), Work("new"), Landings()
    flights = SingleFlight(landings)
    early = asyncio.create_task(flights.join("a", old))
    await let_others_run()
    refresher = asyncio.create_task(flights.overtake("a", new))
    await let_others_run()
    late = asyncio.create_task(flights.join("a", old))
    await let_others_run()
    new.may_end.set()
    assert (await refresher, await late) == ("new", "new")
    old.may_end.set()
    assert await early == "old"
    assert landings == [("a", "new")]


async def test_an_overtaken_flight_does_not_land_even_when_it_ends_first(
    let_others_run: LetOthersRun,
) -> None:
    old, new, landings = Work("old"), Work("new"), Landings()
    flights = SingleFlight(landings)
    early = asyncio.create_task(flights.join("a", old))
    await let_others_run()
    refresher = asyncio.create_task(flights.overtake("a", new))
    await let_others_run()
    old.may_end.set()
    assert await early == "old"
    assert landings == []
    new.may_end.set()
    await refresher
    assert landings == [("a", "new")]


async def test_landing_comes_before_any_caller_goes_on() -> None:
    work, landings = Work(), Landings()
    work.may_end.set()
    await SingleFlight(landings).join("a", work)
    assert landings == [("a", "done")]


async def test_closing_cancels_overtaken_flights_too(let_others_run: LetOthersRun) -> None:
    old, new = Work("old"), Work("new")
    flights = SingleFlight(Landings())
    callers = [asyncio.create_task(flights.join("a", old))]
    await let_others_run()
    callers.append(asyncio.create_task(flights.overtake("a", new)))
    await let_others_run()
    await flights.close()
    assert old.cancelled
    assert new.cancelled
    for caller in callers:
        with pytest.raises(asyncio.CancelledError):
            await caller
