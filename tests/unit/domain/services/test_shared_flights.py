"""Work is shared for as long as somebody wants it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prismiq.domain.services.shared_flights import SharedFlights

LetOthersRun = Callable[[], Awaitable[None]]


class Work:
    def __init__(self) -> None:
        self.runs = 0
        self.cancelled = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> int:
        self.runs += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.runs


async def test_a_thousand_callers_cause_one_run(let_others_run: LetOthersRun) -> None:
    work, flights = Work(), SharedFlights[int]()
    callers = [asyncio.create_task(flights.join("a", work)) for _ in range(1000)]
    await let_others_run()
    assert flights.waiting == 1000
    work.may_end.set()
    assert set(await asyncio.gather(*callers)) == {1}
    assert flights.waiting == 0
    assert "a" not in flights


async def test_a_caller_who_leaves_takes_nobody_down(let_others_run: LetOthersRun) -> None:
    work, flights = Work(), SharedFlights[int]()
    first, second = (asyncio.create_task(flights.join("a", work)) for _ in range(2))
    await let_others_run()
    first.cancel()
    await let_others_run()
    work.may_end.set()
    assert await second == 1
    assert first.cancelled()
    assert work.cancelled == 0


async def test_the_last_one_to_leave_ends_the_work(let_others_run: LetOthersRun) -> None:
    work, flights = Work(), SharedFlights[int]()
    callers = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    await let_others_run()
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    assert "a" not in flights
    await let_others_run()
    assert work.cancelled == 1


async def test_who_comes_after_the_last_one_left_gets_new_work(
    let_others_run: LetOthersRun,
) -> None:
    work, flights = Work(), SharedFlights[int]()
    caller = asyncio.create_task(flights.join("a", work))
    await let_others_run()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    work.may_end.set()
    assert await flights.join("a", work) == 2


async def test_every_caller_learns_of_a_failure() -> None:
    async def fail() -> int:
        raise LookupError

    flights = SharedFlights[int]()
    outcomes = await asyncio.gather(
        *(flights.join("a", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 3


class Caller:
    """Works on its own account: some are refused, and others know that this is not about them."""

    def __init__(self, name: str, begun: list[str], *, is_refused: bool = False) -> None:
        self.name = name
        self._begun = begun
        self._is_refused = is_refused

    async def work(self) -> str:
        self._begun.append(self.name)
        await asyncio.sleep(0)
        if self._is_refused:
            raise PermissionError(self.name)
        return f"by {self.name}"

    def shares(self, error: Exception) -> bool:
        return not isinstance(error, PermissionError) or error.args == (self.name,)

    async def ask(self, flights: SharedFlights[str]) -> str:
        return await flights.join("a", self.work, shares=self.shares)


async def test_a_refusal_of_the_one_who_began_is_about_nobody_else() -> None:
    begun: list[str] = []
    refused = [Caller(name, begun, is_refused=True) for name in ("x", "x", "y", "x")]
    others = [Caller(f"other {number}", begun) for number in range(50)]
    flights = SharedFlights[str]()
    outcomes = await asyncio.gather(
        *(caller.ask(flights) for caller in refused + others), return_exceptions=True
    )
    assert [repr(outcome) for outcome in outcomes[:4]] == [
        f"PermissionError({caller.name!r})" for caller in refused
    ]
    assert outcomes[4:] == ["by other 0"] * 50
    assert begun == ["x", "y", "other 0"]
    assert "a" not in flights
    assert flights.waiting == 0


async def test_who_goes_on_after_a_refusal_can_still_leave(let_others_run: LetOthersRun) -> None:
    work, flights = Work(), SharedFlights[int]()

    async def refuse() -> int:
        await asyncio.sleep(0)
        raise PermissionError

    first = asyncio.create_task(flights.join("a", refuse))
    others = [
        asyncio.create_task(flights.join("a", work, shares=lambda _error: False)) for _ in range(3)
    ]
    await let_others_run()
    assert isinstance(first.exception(), PermissionError)
    assert (work.runs, flights.waiting) == (1, 3)
    for caller in others:
        caller.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await let_others_run()
    assert work.cancelled == 1


async def test_who_comes_as_a_flight_is_refused_begins_the_next() -> None:
    flights, may_fail = SharedFlights[int](), asyncio.Event()
    newcomers: list[asyncio.Task[int]] = []
    refusals: list[Exception] = []

    def shares(error: Exception) -> bool:
        refusals.append(error)
        return len(refusals) > 5  # it would go round for ever

    async def refuse() -> int:
        await may_fail.wait()
        newcomers.append(asyncio.create_task(flights.join("a", work, shares=shares)))
        raise PermissionError

    work = Work()
    work.may_end.set()
    first = asyncio.create_task(flights.join("a", refuse))
    await asyncio.sleep(0)
    may_fail.set()
    with pytest.raises(PermissionError):
        await first
    assert await newcomers[0] == 1
    assert len(refusals) == 1
    assert "a" not in flights


async def test_closing_ends_what_is_under_way(let_others_run: LetOthersRun) -> None:
    work, flights = Work(), SharedFlights[int]()
    caller = asyncio.create_task(flights.join("a", work))
    await let_others_run()
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert work.cancelled == 1
