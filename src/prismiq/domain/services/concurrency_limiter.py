"""Keeping one client from taking every connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prismiq.domain.model.errors import StoreUnavailableError, TooManyQueriesError
from prismiq.domain.model.observations import LimitOutcome
from prismiq.domain.services.cancelled_acquisitions import CancelledAcquisitions
from prismiq.ports.metrics_sink import MetricsSink
from prismiq.ports.query_slots import QuerySlots

_HEARTBEATS_PER_LEASE = 3


class ConcurrencyLimiter:
    """Lets a client have so many queries running at once, in all processes together.

    While the shared places cannot be reached, each process counts for itself.

    Args:
        slots: the places, shared or of this process.
        fallback: the places of this process, where ``slots`` are shared.
        metrics: is told of every decision.
        places: queries of one client at once.
        lease: seconds after which the places of a process that was killed are free again.
        policy: its name in metrics.
    """

    def __init__(
        self,
        slots: QuerySlots,
        fallback: QuerySlots,
        metrics: MetricsSink,
        *,
        places: int,
        lease: float = 15.0,
        policy: str = "concurrency",
    ) -> None:
        if places < 1:
            raise ValueError("a client needs at least one place")
        self._slots = slots
        self._fallback = fallback
        self._metrics = metrics
        self._places = places
        self._lease = lease
        self._policy = policy
        self._acquisitions = CancelledAcquisitions()

    @asynccontextmanager
    async def slot(self, client_id: str) -> AsyncIterator[None]:
        """Hold a place of the client while the body runs.

        Raises:
            TooManyQueriesError: all places of the client are taken.
        """
        slots, token = await self._acquire(client_id)
        heartbeat = asyncio.create_task(self._keep(slots, client_id, token))
        try:
            yield
        finally:
            heartbeat.cancel()
            # Awaited, so that a client who asks one query after another needs one place only;
            # shielded, so that a caller who is cancelled gives the place back as well.
            await asyncio.shield(asyncio.create_task(_end(heartbeat, slots, client_id, token)))

    async def _acquire(self, client_id: str) -> tuple[QuerySlots, str]:
        slots, admitted, refused = self._slots, LimitOutcome.ALLOWED, LimitOutcome.DENIED
        try:
            token = await self._take(slots, client_id)
        except StoreUnavailableError:
            slots = self._fallback
            admitted, refused = LimitOutcome.OUTAGE_ALLOWED, LimitOutcome.OUTAGE_DENIED
            token = await self._take(slots, client_id)
        self._metrics.limit_decided(self._policy, refused if token is None else admitted)
        if token is None:
            raise TooManyQueriesError(self._places, client_id)
        return slots, token

    async def _take(self, slots: QuerySlots, client_id: str) -> str | None:
        return await self._acquisitions.acquire(
            slots.acquire(client_id, self._places, self._lease),
            lambda token: slots.release(client_id, token),
        )

    async def _keep(self, slots: QuerySlots, client_id: str, token: str) -> None:
        while True:
            await asyncio.sleep(self._lease / _HEARTBEATS_PER_LEASE)
            extending = asyncio.create_task(self._extend(slots, client_id, token))
            try:
                await asyncio.shield(extending)
            finally:
                await extending  # also when we are cancelled: see ``_end``

    async def _extend(self, slots: QuerySlots, client_id: str, token: str) -> None:
        # Where the store is away, the next heartbeat takes the lease up again.
        with suppress(StoreUnavailableError):
            await slots.extend(client_id, token, self._lease)


async def _end(
    heartbeat: "asyncio.Task[None]", slots: QuerySlots, client_id: str, token: str
) -> None:
    # A heartbeat that arrives after the place was given back would take it again.
    await asyncio.wait([heartbeat])
    with suppress(StoreUnavailableError):  # the lease ends by itself
        await slots.release(client_id, token)
