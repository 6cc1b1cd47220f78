"""Looking at one thing: within a time, once for many, and kept for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from prismiq.domain.model.health import HEALTHY, UNHEALTHY, HealthCheck
from prismiq.domain.rules.health_verdict import check_of
from prismiq.ports.clock import Clock

Probe: TypeAlias = Callable[[], Awaitable[object]]
"""Raises when the thing is not well; what it returns does not matter."""

_logger = logging.getLogger("prismiq.health")


class HealthProbing:
    """One check of a ``HealthService``.

    Who asks while a look is under way shares it. The time is kept also with a probe that does not
    heed its cancellation: nobody waits for that, and it is not called again before it has ended.

    Args:
        name: for the log, which tells when a finding changes.
        probe: is called for each look.
        clock: tells ages and latencies.
        timeout: seconds that a look may take.
        period: seconds for which a finding is kept, from the moment the look began.
    """

    def __init__(
        self, name: str, probe: Probe, clock: Clock, *, timeout: float, period: float
    ) -> None:
        self._name = name
        self._probe = probe
        self._clock = clock
        self._timeout = timeout
        self._period = period
        self._flight: asyncio.Task[HealthCheck] | None = None
        self._kept: HealthCheck | None = None
        self._kept_until = 0.0
        self._told: str = HEALTHY
        self._calls: set[asyncio.Task[None]] = set()
        self._overdue: set[asyncio.Task[None]] = set()

    async def find(self) -> HealthCheck:
        """Return what is found now, or was within the period. It raises nothing."""
        if self._kept is not None and self._clock.monotonic() < self._kept_until:
            return self._kept
        if self._flight is None:
            self._flight = asyncio.create_task(self._look())
        return await asyncio.shield(self._flight)

    def forget(self) -> None:
        """Let whoever asks from now on get a look that begins from now on."""
        self._kept = None
        self._flight = None

    async def close(self) -> None:
        """Cancel what is under way and wait for its end, if it comes within the timeout."""
        self.forget()
        for call in self._calls:
            call.cancel()
        if self._calls:
            await asyncio.wait(self._calls, timeout=self._timeout)

    async def _look(self) -> HealthCheck:
        began = self._clock.monotonic()
        error = await self._outcome()
        check = check_of(error, 1000 * (self._clock.monotonic() - began))
        if self._flight is asyncio.current_task():  # it was not forgotten meanwhile
            self._flight = None
            self._kept, self._kept_until = check, began + self._period
            self._tell(check, error)
        return check

    async def _outcome(self) -> BaseException | None:
        if self._overdue:
            return TimeoutError()
        call = asyncio.create_task(self._call())
        self._calls.add(call)
        call.add_done_callback(self._ended)
        await asyncio.wait({call}, timeout=self._timeout)
        if not call.done():
            call.cancel()
            self._overdue.add(call)
            return TimeoutError()
        return asyncio.CancelledError() if call.cancelled() else call.exception()

    async def _call(self) -> None:
        await self._probe()

    def _ended(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._overdue.discard(call)
        if not call.cancelled():
            call.exception()  # marks it as seen: nobody may be waiting any more

    def _tell(self, check: HealthCheck, error: BaseException | None) -> None:
        if check.status == self._told:
            return
        self._told = check.status
        level = logging.ERROR if check.status == UNHEALTHY else logging.WARNING
        level = logging.INFO if check.status == HEALTHY else level
        # The error's own text stays out of the log as well: it may hold secrets.
        because = f": {check.message} ({type(error).__name__})" if error else ""
        _logger.log(level, "health check %s is %s%s", self._name, check.status, because)
