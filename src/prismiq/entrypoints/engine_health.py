"""The part of the engine that is about its own condition."""

from prismiq.domain.model.errors import PrismiqError
from prismiq.domain.model.health import HealthStatus
from prismiq.domain.services.health_probing import Probe
from prismiq.domain.services.health_service import HealthService
from prismiq.ports.database_probe import DatabaseProbe


class EngineHealth:
    """What ``PrismiqEngine`` can say of how it is.

    Args:
        health: knows how everything is.
        probe: asks the database.
    """

    def __init__(self, health: HealthService, probe: DatabaseProbe) -> None:
        self._health = health
        self._probe = probe

    @property
    def health(self) -> HealthService:
        """Knows how the engine is; for routers."""
        return self._health

    async def check_connection(self) -> bool:
        """Return whether the database answers now."""
        try:
            await self._probe.check()
        except PrismiqError:
            return False
        return True

    async def check_health(self) -> HealthStatus:
        """Return what all checks find, within a second. A finding is kept for one second."""
        return await self._health.status()

    def add_health_check(
        self, name: str, probe: Probe, *, critical: bool = False, timeout: float = 0.75
    ) -> None:
        """Make something of yours a part of the engine's health.

        Args:
            name: as it appears in answers: lower-case letters, digits, ``_`` and ``-``.
            probe: an asynchronous function that raises when the thing is not well. What it
                raises is shown to nobody.
            critical: whether readiness fails with it; otherwise the engine is just degraded.
            timeout: seconds, at most 0.9.

        Raises:
            ConfigurationError: the name is taken or malformed, or the timeout is out of bounds.
        """
        self._health.add(name, probe, critical=critical, timeout=timeout)

    def drain(self) -> None:
        """Answer readiness probes with 503 from now on; queries are answered as before.

        For servers of your own: call it when the process is told to end, and some seconds before
        it stops to listen, so that load balancers send nothing more. ``prismiq serve`` does.
        """
        self._health.mark_draining()
