"""Version tokens that this process knows without asking, correct through races and outages.

Tokens are read from the shared store in the background, and messages of other processes make
single ones unknown at once. So a kept answer is judged without any round trip. While the shared
store is away, the process is on its own: it makes tokens itself, and what it invalidates is
replayed to the store before anything from there is believed again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack
from math import inf
from typing import Any, Self, TypeVar

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.present_versions import PresentVersions
from prismiq.domain.services.known_tokens import KnownTokens, Reading
from prismiq.domain.services.rotations import Rotations
from prismiq.ports.clock import Clock
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.table_versions import TableVersions

Result = TypeVar("Result")

_EVERYTHING = TableVersions.EVERYTHING
_MOST_COMBINATIONS = 10_000

_logger = logging.getLogger("prismiq.cache")


class KnownVersions:
    """The present versions of tables.

    What an invalidation in this process means here is certain when it returns: no versions that
    are told after that contain an older token, also where the shared store is away. What other
    processes invalidate is known as soon as their message is heard, and after ``max_age`` where
    it is lost, since no token is believed for longer without being read again.

    In an outage of the shared store, an invalidation by another process may go unheard for
    ``max_outage_age``: for so long the last known tokens go on, then come those of this process,
    under which no answer may be kept for longer than that. What this process invalidates
    meanwhile holds here at once, and elsewhere when the store is back and has been told. It is
    lost when the process ends before.

    Messages are heard while it is entered (``async with``).

    Args:
        shared: the tokens of all processes.
        bus: connects the processes.
        availability: tells when the shared store is back.
        clock: tells how old a token is.
        new_token: returns a random text that never comes back.
        max_age: seconds that a token is believed. Infinite where no other process exists.
        max_outage_age: the same while the shared store is away.
        pause: waits for some seconds; see ``Rotations``.
    """

    def __init__(
        self,
        shared: TableVersions,
        bus: InvalidationBus,
        availability: StoreAvailability,
        clock: Clock,
        *,
        new_token: Callable[[], str],
        max_age: float = 0.5,
        max_outage_age: float = 5.0,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._bus = bus
        self._rotations = Rotations(shared, bus, availability, pause)
        self._monotonic = clock.monotonic
        self._new_token = new_token
        self._max_age = max_age
        self._max_outage_age = max_outage_age
        self._tokens = KnownTokens()
        self._own_tokens: dict[str, bytes] = {}  # while the store is away
        self._is_away = False
        self._used: set[str] = {_EVERYTHING}  # since the last reading began
        self._read_again_at = inf
        self._combinations: dict[frozenset[str], PresentVersions] = {}  # until a token changes
        self._answers: dict[Reading, asyncio.Task[Mapping[str, str] | None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listening = AsyncExitStack()

    async def __aenter__(self) -> Self:
        listening = self._bus.listen(self._forget, self._hear_gap)
        await self._listening.enter_async_context(listening)
        if self._is_away:
            self._start(self._come_back())  # it was left before the store was back
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._listening.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._rotations.replay_now()
        if self._rotations.is_pending:
            _logger.warning("what was invalidated while the shared store was away is untold")

    @property
    def is_shared(self) -> bool:
        """Whether the shared store is believed at this moment."""
        return not self._is_away

    def known(self, tables: frozenset[str]) -> PresentVersions | None:
        """Return the versions of the tables if that needs nobody to be asked.

        It costs about a microsecond, and sees to it that tokens in use stay known.
        """
        now = self._monotonic()
        present = self._combinations.get(tables)
        if present is None or present.good_until <= now:
            present = self._combined(tables, now)
        if now >= self._read_again_at:
            self._begin_reading(now)
        return present

    async def present(self, tables: frozenset[str]) -> PresentVersions:
        """Return the versions of the tables. Waits only where they are not known."""
        last_number = self._tokens.last_number
        names = {_EVERYTHING, *tables}
        while (present := self.known(tables)) is None:
            reading = self._tokens.under_way(names) or self._begin_reading(self._monotonic(), names)
            read = await asyncio.shield(self._answers[reading])
            if read is not None and reading.number > last_number:
                # What was read after we were asked is right, even if it has changed meanwhile.
                found = [(name, read[name].encode()) for name in (_EVERYTHING, *sorted(tables))]
                return self._versions_of(found, good_until=reading.began_at + self._max_age)
        return present

    async def rotate(self, tables: frozenset[str]) -> int:
        """Replace the tokens; return how many entries that made unreachable, at most.

        It does not fail: while the shared store is away, the number is not known and 0.
        """
        return await self._rotate(tables)

    async def rotate_all(self) -> int:
        """Replace all tokens, as ``rotate`` does with some."""
        return await self._rotate(frozenset({_EVERYTHING}))

    async def count_entry(self, tables: frozenset[str]) -> None:
        """Record that an entry is about to be stored for other processes too.

        Raises:
            StoreUnavailableError: the shared store does not answer.
        """
        await self._shared.count_entry(tables)

    async def _rotate(self, names: frozenset[str]) -> int:
        if self._is_away:
            self._rotations.put_aside(names)
            self._forget(names)
            return 0
        try:
            entries = await self._rotations.rotate(names)
        except StoreUnavailableError:
            self._go_away()
            self._rotations.put_aside(names)
            return 0
        finally:
            self._forget(names)  # whatever happened: the store may have heard of it
        await self._rotations.tell(names)
        return entries

    def _forget(self, names: frozenset[str]) -> None:
        self._combinations.clear()
        if _EVERYTHING in names:
            self._tokens.forget_all()
            self._own_tokens.clear()
        else:
            self._tokens.forget(names)
            for name in names:
                self._own_tokens.pop(name, None)

    def _hear_gap(self) -> None:
        if self._is_away:
            self._tokens.disbelieve()  # that nothing is heard is no news
        else:
            self._forget(frozenset({_EVERYTHING}))

    def _combined(self, tables: frozenset[str], now: float) -> PresentVersions | None:
        self._used.update(tables)
        max_age = self._max_outage_age if self._is_away else self._max_age
        oldest = inf
        found = []
        for name in (_EVERYTHING, *sorted(tables)):
            known = self._tokens.get(name)
            if known is not None and now < known.as_of + max_age:
                oldest = min(oldest, known.as_of)
                found.append((name, known.value))
            elif self._is_away:
                found.append((name, self._own_token(name)))
            else:
                return None
        present = self._versions_of(found, good_until=oldest + max_age)
        if len(self._combinations) >= _MOST_COMBINATIONS:
            self._combinations.clear()
        self._combinations[tables] = present
        return present

    def _versions_of(
        self, tokens: list[tuple[str, bytes]], *, good_until: float
    ) -> PresentVersions:
        (_, everything), *of_tables = tokens
        is_shared = not self._is_away
        lifetime = inf if is_shared else self._max_outage_age
        return PresentVersions(everything, tuple(of_tables), good_until, is_shared, lifetime)

    def _own_token(self, name: str) -> bytes:
        if name not in self._own_tokens:
            self._own_tokens[name] = self._new_token().encode()
        return self._own_tokens[name]

    def _begin_reading(self, now: float, names: Collection[str] = ()) -> Reading:
        """Read what is asked for and what was used lately, in one call for all."""
        reading = self._tokens.begin(self._used.union(names), now)
        self._used = {_EVERYTHING}
        self._read_again_at = now + self._max_age / 2
        self._answers[reading] = self._start(self._read(reading))
        return reading

    async def _read(self, reading: Reading) -> Mapping[str, str] | None:
        try:
            tokens = await self._ask(reading)
        except StoreUnavailableError:
            self._go_away()
            return None
        finally:
            del self._answers[reading]
        self._learn(reading, tokens)
        return tokens

    async def _ask(self, reading: Reading) -> Mapping[str, str]:
        try:
            return await self._shared.read(reading.names)
        finally:
            self._tokens.give_up(reading)

    def _learn(self, reading: Reading, tokens: Mapping[str, str]) -> None:
        self._combinations.clear()
        self._tokens.end(reading, tokens)
        oldest_use = self._monotonic() - max(self._max_age, self._max_outage_age)
        self._tokens.forget_older(oldest_use)

    def _go_away(self) -> None:
        if self._is_away:
            return
        _logger.warning("the shared store is away: answers are kept by this process only")
        self._is_away = True
        self._tokens.disbelieve()
        self._combinations.clear()
        self._read_again_at = inf
        self._start(self._come_back())

    async def _come_back(self) -> None:
        """Believe the shared store again, after it was told what was invalidated meanwhile."""

        async def confirm() -> tuple[Reading, Mapping[str, str]]:
            reading = self._tokens.begin(self._used, self._monotonic())
            return reading, await self._ask(reading)

        reading, tokens = await self._rotations.replayed(confirm)
        self._is_away = False
        self._own_tokens.clear()
        self._tokens.forget_older(inf)
        self._read_again_at = reading.began_at + self._max_age / 2
        self._learn(reading, tokens)
        _logger.info("the shared store is back")

    def _start(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
