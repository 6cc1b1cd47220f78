"""From single checks to a verdict, and from errors to reasons that may be shown to anybody."""

from collections.abc import Collection, Mapping

from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
    QueryTimeoutError,
    StoreUnavailableError,
)
from prismiq.domain.model.health import DEGRADED, HEALTHY, UNHEALTHY, HealthCheck, Standing

_REASONS: tuple[tuple[type[BaseException], Standing, str], ...] = (
    # All connections are at work. Who took this process out of service for that would send its
    # share to the others, which are as busy.
    (PoolExhaustedError, DEGRADED, "saturated"),
    (DatabaseUnavailableError, UNHEALTHY, "unreachable"),
    (StoreUnavailableError, UNHEALTHY, "unreachable"),
    (QueryTimeoutError, UNHEALTHY, "timeout"),
    (TimeoutError, UNHEALTHY, "timeout"),
    (EngineNotStartedError, UNHEALTHY, "not_started"),
)
"""The first that fits. Everything else is ``failed``: an error's own text may hold secrets."""


def check_of(error: BaseException | None, latency_ms: float) -> HealthCheck:
    """Return what a probe that raised ``error``, or None, found."""
    latency_ms = round(latency_ms, 2)
    if error is None:
        return HealthCheck(status=HEALTHY, latency_ms=latency_ms)
    for kind, status, reason in _REASONS:
        if isinstance(error, kind):
            return HealthCheck(status=status, message=reason, latency_ms=latency_ms)
    return HealthCheck(status=UNHEALTHY, message="failed", latency_ms=latency_ms)


def overall(checks: Mapping[str, HealthCheck], critical: Collection[str]) -> Standing:
    """Return how the whole is: only a critical check can make it unhealthy."""
    if any(check.status == UNHEALTHY for name, check in checks.items() if name in critical):
        return UNHEALTHY
    if any(check.status != HEALTHY for check in checks.values()):
        return DEGRADED
    return HEALTHY
