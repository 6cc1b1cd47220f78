"""How a running engine is, as probes and operators read it."""

from typing import Literal, TypeAlias

from pydantic import Field

from prismiq.domain.model.strict_model import StrictModel

Standing: TypeAlias = Literal["healthy", "degraded", "unhealthy"]

HEALTHY: Standing = "healthy"
DEGRADED: Standing = "degraded"
UNHEALTHY: Standing = "unhealthy"


class HealthCheck(StrictModel):
    """One thing that was looked at."""

    status: str = Field(description="`healthy`, `degraded` or `unhealthy`.")
    message: str | None = Field(
        default=None,
        description="Why it is not healthy, as one of few words: `saturated`, `timeout`,"
        " `unreachable`, `not_started`, `draining`, `failed`.",
    )
    latency_ms: float | None = Field(default=None, description="How long looking took.")


class HealthStatus(StrictModel):
    """All checks together."""

    status: str = Field(
        description="`unhealthy` where a critical check is, `degraded` where anything else is"
        " not well, otherwise `healthy`."
    )
    version: str = Field(description="Of Prismiq.")
    uptime_seconds: float = Field(description="Since the engine was made.")
    checks: dict[str, HealthCheck] = Field(description="By name.")
