"""Two processes, one shared store, links that break, messages that get lost, and virtual time.

A deterministic scheduler moves one waiting task at a time. Whenever a task would wait for the
outside it stands still, and a seeded random generator decides who moves next.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.table_versions import TableVersions

EVERYTHING = TableVersions.EVERYTHING
MAX_AGE, MAX_OUTAGE_AGE = 0.5, 5.0


class Scheduler:
    """Lets one waiting task move at a time, chosen by chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._standing: list[asyncio.Future[None]] = []

    async def pause(self, _seconds: float = 0.0) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._standing.append(turn)
        await turn

    async def run(self, *, until: Callable[[], bool]) -> None:
        while not until():
            for _ in range(8):  # everybody goes on to the next pause
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


@dataclass(eq=False)
class Invalidation:
    """What was written before it must be seen by who knows of it."""

    process: int
    table: str
    written: int
    is_acknowledged: bool = False
    applied_at: float | None = None
    """When the shared store replaced a token that matters, by whomever that was asked."""
    heard_by: set[int] = field(default_factory=set)


class Ledger:
    """What every process must have seen, at least."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._invalidations: list[Invalidation] = []
        self.longest_computation = 0.0
        self._last_away = [0.0, 0.0]

    def issue(self, process: int, table: str, written: int) -> Invalidation:
        invalidation = Invalidation(process, table, written)
        self._invalidations.append(invalidation)
        return invalidation

    def applied(self, names: Collection[str]) -> None:
        for each in self._invalidations:
            if each.applied_at is None and _concerns(names, each):
                each.applied_at = self._clock.seconds

    def heard(self, process: int, names: Collection[str]) -> None:
        for each in self._invalidations:
            if each.applied_at is not None and _concerns(names, each):
                each.heard_by.add(process)

    def is_away(self, process: int) -> None:
        self._last_away[process] = self._clock.seconds

    def expect(self, process: int) -> "Expectation":
        """Return what a read that begins now in a process must see."""
        known = [i.written for i in self._invalidations if _is_known(i, process)]
        applied = [
            (i.applied_at, i.written) for i in self._invalidations if i.applied_at is not None
        ]
        return Expectation(self, process, self._clock.seconds, max(known, default=0), applied)

    def was_away(self, process: int, since: float) -> bool:
        return self._last_away[process] >= since

    def everything_acknowledged(self) -> int:
        return max(
            (each.written for each in self._invalidations if each.is_acknowledged), default=0
        )


@dataclass(frozen=True)
class Expectation:
    """What a read must see. How much that is depends on whether its process finds the store."""

    ledger: Ledger
    process: int
    began_at: float
    known: int
    applied: list[tuple[float, int]]

    def floor(self) -> int:
        """Return the least value that the read may give, when it has ended."""
        aged = [written for applied_at, written in self.applied if self._is_aged(applied_at)]
        return max([self.known, *aged])

    def _is_aged(self, applied_at: float) -> bool:
        outage_bound = MAX_OUTAGE_AGE + self.ledger.longest_computation
        was_away = self.ledger.was_away(self.process, applied_at)
        return self.began_at > applied_at + (outage_bound if was_away else MAX_AGE)


def _is_known(invalidation: Invalidation, process: int) -> bool:
    is_own = invalidation.is_acknowledged and invalidation.process == process
    return is_own or process in invalidation.heard_by


def _concerns(names: Collection[str], invalidation: Invalidation) -> bool:
    return EVERYTHING in names or invalidation.table in names


class SharedState:
    """What a Redis holds. It can lose all, or fall back to what it was."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.server = "server0"
        self.entries: dict[str, Any] = {}
        self.tokens: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self._snapshot = self.copy()

    def copy(self) -> tuple[dict[str, Any], dict[str, str]]:
        return dict(self.entries), dict(self.tokens)

    def new_token(self) -> str:
        return f"{self.random.getrandbits(64):x}"

    def save(self) -> None:
        self._snapshot = self.copy()

    def restart(self) -> None:
        self.server = self.new_token()
        self.entries, self.tokens = (dict(part) for part in self._snapshot)

    def flush(self) -> None:
        self.entries, self.tokens, self.owners = {}, {}, {}


class Link(StoreAvailability):
    """The way of one process to the store."""

    def __init__(self, scheduler: Scheduler, random: Random) -> None:
        self._scheduler = scheduler
        self._random = random
        self.is_up = True

    @property
    def is_available(self) -> bool:
        return self.is_up

    def watch(self, on_change: Callable[[bool], None]) -> None:
        raise NotImplementedError

    async def available(self) -> None:
        while not self.is_up:
            await self._scheduler.pause()

    async def travel(self) -> None:
        await self._scheduler.pause()
        if not self.is_up:
            raise StoreUnavailableError

    async def go(self) -> None:
        """Reach the store; a broken link may have carried the call and not the answer."""
        await self._scheduler.pause()
        if not self.is_up and self._random.random() < 0.7:
            raise StoreUnavailableError


class Store(CacheBackend, TableVersions, ComputationLease):
    """The shared store as one process sees it; each call goes there and comes back."""

    def __init__(self, state: SharedState, link: Link, ledger: Ledger) -> None:
        self._state = state
        self._link = link
        self._ledger = ledger

    async def get(self, key: str) -> Any | None:
        await self._link.go()
        value = self._state.entries.get(key)
        await self._link.travel()
        return value

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        await self._link.go()
        self._state.entries[key] = value
        await self._link.travel()

    async def delete(self, key: str) -> bool:
        raise NotImplementedError

    async def clear(self, pattern: str | None = None) -> int:
        raise NotImplementedError

    async def exists(self, key: str) -> bool:
        raise NotImplementedError

    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        await self._link.go()
        known = self._state.tokens
        tokens = {
            name: known.setdefault(name, self._state.new_token()) for name in (EVERYTHING, *tables)
        }
        tokens[EVERYTHING] += self._state.server
        await self._link.travel()
        return tokens

    async def rotate(self, tables: Collection[str]) -> int:
        await self._link.go()
        for name in tables:
            self._state.tokens.pop(name, None)
        self._ledger.applied(tables)
        await self._link.travel()
        return 0

    async def rotate_all(self) -> int:
        await self._link.go()
        if self._state.random.random() < 0.5:  # an adapter may forget the others, or not
            self._state.tokens.clear()
        self._state.tokens.pop(EVERYTHING, None)
        self._ledger.applied([EVERYTHING])
        await self._link.travel()
        return 0

    async def count_entry(self, tables: Collection[str]) -> None:
        await self._link.go()

    async def acquire(self, name: str, seconds: float) -> str | None:
        await self._link.go()
        if name in self._state.owners:
            return None
        owner = self._state.owners[name] = self._state.new_token()
        return owner

    async def extend(self, name: str, owner: str, seconds: float) -> bool:
        return self._state.owners.get(name) == owner

    async def release(self, name: str, owner: str) -> bool:
        # Whatever the link does: a lease ends by itself.
        return self._state.owners.get(name) == owner and bool(self._state.owners.pop(name))

    async def wait(self, name: str, seconds: float) -> bool:
        while name in self._state.owners:
            await self._link.travel()
        return True


class Bus(InvalidationBus):
    """Carries messages late, in any order, or not at all."""

    def __init__(self, process: int, world: "Messages") -> None:
        self._process = process
        self._world = world
        self.on_names: Callable[[frozenset[str]], None] = lambda _names: None
        self.on_gap: Callable[[], None] = lambda: None

    async def publish(self, names: Collection[str]) -> None:
        await self._world.send(self._process, frozenset(names))

    @asynccontextmanager
    async def listen(
        self, on_names: Callable[[frozenset[str]], None], on_gap: Callable[[], None]
    ) -> AsyncIterator[None]:
        self.on_names, self.on_gap = on_names, on_gap
        yield


class Messages:
    """All that is on its way between the processes."""

    def __init__(
        self, links: list[Link], scheduler: Scheduler, random: Random, ledger: Ledger
    ) -> None:
        self._links = links
        self._scheduler = scheduler
        self._random = random
        self._ledger = ledger
        self._under_way: set[asyncio.Task[None]] = set()
        self.buses = [Bus(process, self) for process in range(len(links))]

    async def send(self, sender: int, names: frozenset[str]) -> None:
        await self._links[sender].travel()
        for process in range(len(self._links)):
            if process != sender and self._random.random() < 0.75:
                delivery = asyncio.create_task(self._deliver(process, names))
                self._under_way.add(delivery)
                delivery.add_done_callback(self._under_way.discard)

    async def _deliver(self, process: int, names: frozenset[str]) -> None:
        for _ in range(self._random.randint(1, 4)):
            await self._scheduler.pause()
        if self._links[process].is_up:
            self.buses[process].on_names(names)
            self._ledger.heard(process, names)

    def close(self) -> None:
        for delivery in self._under_way:
            delivery.cancel()
