"""How the engine is, asked as often as anybody likes."""

import asyncio
import re
from collections.abc import Collection

from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.health import DEGRADED, UNHEALTHY, HealthCheck, HealthStatus
from prismiq.domain.rules.health_verdict import overall
from prismiq.domain.services.health_probing import HealthProbing, Probe
from prismiq.ports.clock import Clock

LONGEST_TIMEOUT = 0.9
"""Seconds. Who probes us waits one second, unless told otherwise."""

LIFECYCLE = "lifecycle"
"""The name under which answers say that the end is near."""

DRAINING = "draining"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class HealthService:
    """Runs named checks in parallel, each in a time of its own, and knows when the end is near.

    What a check found is kept for a short period, so that any number of probes costs one look. It
    is forgotten when the engine starts, drains or stops. Whether it drains is never kept: the
    very next answer says so.

    Args:
        clock: tells ages and latencies.
        version: of Prismiq.
        period: seconds for which a finding is kept, from the moment the look began.
    """

    def __init__(self, clock: Clock, version: str, *, period: float = 1.0) -> None:
        self._clock = clock
        self._version = version
        self._period = period
        self._made_at = clock.monotonic()
        self._probings: dict[str, HealthProbing] = {}
        self._critical: set[str] = set()
        self._has_started = False
        self._is_draining = False

    @property
    def has_started(self) -> bool:
        """Whether the engine has been running."""
        return self._has_started

    @property
    def is_draining(self) -> bool:
        """Whether nothing new should be sent here, because the end is near."""
        return self._is_draining

    def add(self, name: str, probe: Probe, *, critical: bool, timeout: float) -> None:
        """Look at one thing more.

        Args:
            name: as it appears in answers: lower-case letters, digits, ``_`` and ``-``.
            probe: an asynchronous function that raises when the thing is not well. It is
                cancelled when it takes too long.
            critical: whether the process is of no use without it.
            timeout: seconds.

        Raises:
            ConfigurationError: the name is taken or malformed, or the timeout is out of bounds.
        """
        if not _NAME.fullmatch(name) or name in {*self._probings, LIFECYCLE}:
            raise ConfigurationError(
                "A health check's name must be new, and made of lower-case letters, digits,"
                " '_' and '-'."
            )
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise ConfigurationError(
                f"A health check's timeout must be above 0 and at most {LONGEST_TIMEOUT} seconds:"
                " who probes waits for one second."
            )
        self._probings[name] = HealthProbing(
            name, probe, self._clock, timeout=timeout, period=self._period
        )
        if critical:
            self._critical.add(name)

    async def status(self) -> HealthStatus:
        """Return what all checks find."""
        checks = await self._find(self._probings)
        if self._is_draining:
            checks[LIFECYCLE] = HealthCheck(status=DEGRADED, message=DRAINING)
        return HealthStatus(
            status=overall(checks, self._critical),
            version=self._version,
            uptime_seconds=round(self._clock.monotonic() - self._made_at, 3),
            checks=checks,
        )

    async def obstacles(self) -> dict[str, str]:
        """Return why nothing should be sent here, by name of the check; nothing means ready.

        Only critical checks count, and it does not wait for the others.
        """
        critical = [name for name in self._probings if name in self._critical]
        checks = await self._find(() if self._is_draining else critical)
        if self._is_draining:  # asked last: it may have begun while the checks ran
            return {LIFECYCLE: DRAINING}
        return {
            name: check.message or UNHEALTHY
            for name, check in checks.items()
            if check.status == UNHEALTHY
        }

    def mark_started(self) -> None:
        """From now on the engine is running."""
        self._has_started = True
        self._is_draining = False
        self._forget()

    def mark_draining(self) -> None:
        """From now on nothing new should be sent here."""
        self._is_draining = True
        self._forget()

    async def stop(self) -> None:
        """Cancel what is being looked at, and forget what was found."""
        self._forget()
        for probing in self._probings.values():
            await probing.close()

    def _forget(self) -> None:
        for probing in self._probings.values():
            probing.forget()

    async def _find(self, names: Collection[str]) -> dict[str, HealthCheck]:
        found = await asyncio.gather(*(self._probings[name].find() for name in names))
        return dict(zip(names, found, strict=True))
