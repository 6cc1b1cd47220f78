"""Among several processes that want the same outcome, one computes and the others wait."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.services.cancelled_acquisitions import CancelledAcquisitions
from prismiq.ports.clock import Clock
from prismiq.ports.computation_lease import ComputationLease

Value = TypeVar("Value")


class LeasedComputation:
    """Computes under a lease, or takes what another process has computed meanwhile.

    Where the shared store does not answer, everybody computes: doing work twice is better than
    not at all.

    Args:
        lease: the lock between processes.
        clock: measures how long we have waited.
        seconds: after which the lease of a process that died ends. A living owner extends it.
        patience: seconds to wait for others before computing all the same.
    """

    def __init__(
        self, lease: ComputationLease, clock: Clock, *, seconds: float = 2.0, patience: float = 60.0
    ) -> None:
        self._lease = lease
        self._clock = clock
        self._seconds = seconds
        self._patience = patience
        self._acquisitions = CancelledAcquisitions()

    async def run(
        self,
        name: str,
        compute: Callable[[], Awaitable[Value]],
        look: Callable[[], Awaitable[Value | None]],
    ) -> Value:
        """Return the outcome called ``name``.

        Args:
            name: the same in all processes.
            compute: makes the outcome and stores it for the others.
            look: returns what another process has stored, or None.

        Raises whatever ``compute`` raises.
        """
        deadline = self._clock.monotonic() + self._patience
        try:
            while (patience := deadline - self._clock.monotonic()) > 0:
                owner = await self._acquisitions.acquire(
                    self._lease.acquire(name, self._seconds),
                    lambda owner: self._lease.release(name, owner),
                )
                if owner is not None:
                    break
                await self._lease.wait(name, patience)
                found = await look()
                if found is not None:
                    return found
            else:
                return await compute()
        except StoreUnavailableError:
            return await compute()
        return await self._run_as_owner(name, owner, compute, look)

    async def _run_as_owner(
        self,
        name: str,
        owner: str,
        compute: Callable[[], Awaitable[Value]],
        look: Callable[[], Awaitable[Value | None]],
    ) -> Value:
        heartbeat = asyncio.create_task(self._keep(name, owner))
        try:
            # The owner before us may have stored its outcome between our first look and now.
            found = await look()
            return await compute() if found is None else found
        finally:
            heartbeat.cancel()
            # Shielded: the others wait until it has arrived, also if we are cancelled now.
            await asyncio.shield(asyncio.create_task(self._release(name, owner)))

    async def _release(self, name: str, owner: str) -> None:
        with suppress(StoreUnavailableError):  # the lease ends by itself
            await self._lease.release(name, owner)

    async def _keep(self, name: str, owner: str) -> None:
        with suppress(StoreUnavailableError):
            is_owner = True
            while is_owner:
                await asyncio.sleep(self._seconds / 3)
                is_owner = await self._lease.extend(name, owner, self._seconds)
