"""Where an answer came from, and how it is kept."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

Versions: TypeAlias = tuple[tuple[str, bytes], ...]
"""Names of tables and the version token that each had before the query ran, in order."""


class CacheOutcome(StrEnum):
    """How the cache took part in an answer; the value of the ``X-Cache`` header."""

    HIT = "HIT"
    """It was kept, and nothing it depends on has changed."""
    MISS = "MISS"
    """It was computed, for this caller or for one who asked the same at the same time."""
    STALE = "STALE"
    """It was kept, its time is over, and the database cannot give a newer one."""
    BYPASS = "BYPASS"
    """It was computed because the caller wanted a fresh one, or nothing is kept at all."""


class MissReason(StrEnum):
    """Why a kept answer could not be served."""

    ABSENT = "absent"
    CORRUPT = "corrupt"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    STORE_UNAVAILABLE = "store_unavailable"


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long answers are kept. Times are in seconds.

    An answer is renewed in the background towards the end of its ``ttl``, if it is asked for
    then. After the ``ttl`` it is computed anew, and served only where the database fails.
    """

    ttl: float | None = 300.0
    """None: until it is invalidated. Zero: not at all."""
    renewal_share: float = 0.2
    """The last part of the ``ttl``, in which an answer is renewed."""
    max_stale: float = 3600.0
    """How long after its ``ttl`` an answer may stand in for a database that fails."""
    beta: float = 1.0
    """How eagerly to renew early; see ``domain.rules.freshness``."""
    max_entry_bytes: int = 8 * 1024 * 1024
    """Larger answers are not kept."""
    compress_from: int = 128 * 1024
    """Bytes of a body from which it is compressed for a shared store. In memory all are plain."""


class CacheEntry(NamedTuple):
    """A kept answer: what a hit needs to know, and the finished HTTP body of a hit.

    Moments are in Unix seconds, and infinite where there is none.
    """

    created_at: float
    soft_expiry: float
    """From then on the answer is renewed when it is asked for."""
    hard_expiry: float
    """From then on the answer is served only while the database cannot be reached."""
    compute_seconds: float
    execution_time_ms: float
    epoch: bytes
    """The version token of everything, as it was before the query ran."""
    versions: Versions
    row_count: int
    truncated: bool
    body_size: int
    """Bytes of the plain body."""
    rows_start: int
    """Where the rows begin in the plain body."""
    rows_end: int
    is_compressed: bool
    stored: bytes | memoryview
    """The body, plain or as one gzip member, which can be sent as it is to clients that take it."""
