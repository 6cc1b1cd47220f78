"""What is observed of a running engine, for metrics and logs."""

from dataclasses import dataclass
from enum import StrEnum


class QueryOutcome(StrEnum):
    """How a query that reached the database ended."""

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


class CacheTier(StrEnum):
    """Where a kept answer was found."""

    MEMORY = "memory"
    SHARED = "shared"


class LimitOutcome(StrEnum):
    """What became of a request that has limits."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SHADOW_DENIED = "shadow_denied"
    """It was over the limit of a policy that only watches."""
    OUTAGE_ALLOWED = "outage_allowed"
    OUTAGE_DENIED = "outage_denied"


@dataclass(frozen=True, slots=True)
class PoolUsage:
    """Connections to the database, and who waits for one."""

    size: int
    """How many there are, in use or not."""
    idle: int
    waiting: int
    max_size: int


@dataclass(frozen=True, slots=True)
class CacheUsage:
    """What the cache of this process holds."""

    used_bytes: int
    entries: int
    max_bytes: int = 0
    """What it may use at most."""
    evictions: int = 0
    """How many entries had to leave for others so far."""
