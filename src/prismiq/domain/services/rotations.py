"""Carrying invalidations to the shared store: at once, or when it is back."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.services.pending_invalidations import PendingInvalidations
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.table_versions import TableVersions

Found = TypeVar("Found")

_EVERYTHING = TableVersions.EVERYTHING
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class Rotations:
    """Replaces tokens in the shared store, and tells other processes.

    What cannot be delivered now is put aside, and replayed when the store answers.

    Args:
        shared: the tokens of all processes.
        bus: connects the processes.
        availability: tells when the shared store is back.
        pause: waits for some seconds, between tries at a store that answers and refuses.
    """

    def __init__(
        self,
        shared: TableVersions,
        bus: InvalidationBus,
        availability: StoreAvailability,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._bus = bus
        self._availability = availability
        self._pause = pause
        self._pending = PendingInvalidations()

    @property
    def is_pending(self) -> bool:
        """Whether something was put aside and not replayed yet."""
        return bool(self._pending)

    def put_aside(self, names: frozenset[str]) -> None:
        """Leave these for the replay."""
        self._pending.add(names)

    async def rotate(self, names: frozenset[str]) -> int:
        """Replace tokens now; return how many entries that made unreachable, at most.

        Raises:
            StoreUnavailableError: they may or may not have been replaced.
        """
        if _EVERYTHING in names:
            return await self._shared.rotate_all()
        return await self._shared.rotate(names)

    async def tell(self, names: frozenset[str]) -> None:
        """Tell other processes. Where that fails, they notice when their tokens grow old."""
        with suppress(StoreUnavailableError):
            await self._bus.publish(names)

    async def replayed(self, confirm: Callable[[], Awaitable[Found]]) -> Found:
        """Return what ``confirm`` reads from the store after everything put aside is replayed."""
        pause = _FIRST_PAUSE
        while True:
            await self._availability.available()
            try:
                await self._replay()
                found = await confirm()
            except StoreUnavailableError:
                await self._pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            if not self._pending:
                return found

    async def replay_now(self) -> None:
        """Try once to replay what was put aside: there may be no later."""
        with suppress(StoreUnavailableError):
            await self._replay()

    async def _replay(self) -> None:
        while self._pending:
            batch = self._pending.batch()
            await self.rotate(batch.names)
            self._pending.done(batch)
            await self.tell(batch.names)
