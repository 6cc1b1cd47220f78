"""What operators are told of the cache."""

from typing import Literal

from pydantic import Field

from prismiq.domain.model.strict_model import Listed, StrictModel


class CacheStats(StrictModel):
    """Counts of one process since it started."""

    hits: int
    """Answers that were kept, from whichever tier."""
    memory_hits: int
    shared_hits: int
    misses: int
    stale: int
    """Kept answers whose time was over, served because the database failed."""
    bypasses: int
    """Answers that were computed because the caller wanted it, or that are never kept."""
    hit_ratio: float | None
    """Of the answers that the cache was asked for; None where there were none."""
    miss_reasons: dict[str, int]
    invalidations: int
    """How often tables, or everything, were invalidated here."""
    entries_invalidated: int
    """How many entries that made unreachable, at most."""
    entries: int
    """In the memory of this process now."""
    used_bytes: int
    max_bytes: int
    evictions: int
    waiting: int
    """Callers who wait for an answer that is being computed for another, now."""


class CacheExplanation(StrictModel):
    """What the cache knows of one query. Asking changes nothing."""

    key: str | None
    """The name of the answer; None: answers to this query are never kept."""
    tables: Listed[str]
    """All tables the answer depends on, as ``schema.table``."""
    state: Literal["fresh", "renewing", "expired", "missing", "uncacheable"]
    """``fresh`` and ``renewing`` would be hits; ``expired`` is served if the database fails."""
    reason: str | None = None
    """Why it would miss: absent, invalidated, corrupt, expired, store_unavailable."""
    tier: Literal["memory", "shared"] | None = None
    age_seconds: float | None = None
    renewed_in: float | None = Field(default=None)
    """Seconds until it is renewed in the background when it is asked for."""
    expires_in: float | None = None
    """Seconds until it is computed anew; negative where that is past; None: never, or no entry."""
    size_bytes: int | None = None
    compute_seconds: float | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    """The present version of every table, and of everything (``*``)."""
    entry_versions: dict[str, str] = Field(default_factory=dict)
    """Those that the entry was computed under. One that differs has invalidated it."""


class CacheWarmUp(StrictModel):
    """How warming ended."""

    computed: int
    kept: int
    """Were there already."""
    failed: int
    uncacheable: int
    """Are never kept, and were not computed."""
