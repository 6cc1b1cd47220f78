"""The lease where there is only one process."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from prismiq.adapters.memory.clock import ProcessClock
from prismiq.ports.clock import Clock
from prismiq.ports.computation_lease import ComputationLease


@dataclass(slots=True)
class _Lease:
    owner: str
    ends_at: float
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class InMemoryComputationLease(ComputationLease):
    """Leases in a dictionary. One whose owner went silent is taken over when it has ended."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._monotonic = (clock or ProcessClock()).monotonic
        self._leases: dict[str, _Lease] = {}

    async def acquire(self, name: str, seconds: float) -> str | None:
        if self._current(name) is not None:
            return None
        lease = _Lease(uuid4().hex, self._monotonic() + seconds)
        self._leases[name] = lease
        return lease.owner

    async def extend(self, name: str, owner: str, seconds: float) -> bool:
        lease = self._current(name)
        if lease is None or lease.owner != owner:
            return False
        lease.ends_at = self._monotonic() + seconds
        return True

    async def release(self, name: str, owner: str) -> bool:
        lease = self._current(name)
        if lease is None or lease.owner != owner:
            return False
        self._end(name, lease)
        return True

    async def wait(self, name: str, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._free(name)
        return self._current(name) is None

    async def _free(self, name: str) -> None:
        while (lease := self._current(name)) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(lease.ends_at - self._monotonic()):
                    await lease.ended.wait()

    def _current(self, name: str) -> _Lease | None:
        lease = self._leases.get(name)
        if lease is not None and lease.ends_at <= self._monotonic():
            self._end(name, lease)
            return None
        return lease

    def _end(self, name: str, lease: _Lease) -> None:
        del self._leases[name]
        lease.ended.set()
