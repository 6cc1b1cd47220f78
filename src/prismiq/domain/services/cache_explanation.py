"""Why the cache does with a query what it does."""

from math import isinf
from typing import Literal

from prismiq.domain.model.cache_report import CacheExplanation
from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.rules.freshness import Freshness
from prismiq.domain.services.answer_cache import Question
from prismiq.domain.services.kept_answers import Look
from prismiq.ports.table_versions import TableVersions

UNCACHEABLE = CacheExplanation(key=None, tables=(), state="uncacheable")

_STATES: dict[Freshness, Literal["fresh", "renewing", "expired", "missing"]] = {
    Freshness.FRESH: "fresh",
    Freshness.REFRESH_EARLY: "renewing",
    Freshness.STALE_REFRESH: "renewing",
    Freshness.STALE_IF_ERROR: "expired",
    Freshness.DEAD: "missing",
}
_SHOWN = 12
"""Characters of a version token: enough to tell two apart."""


def explanation_of(question: Question, look: Look, now: float) -> CacheExplanation:
    """Return what a look at the cache has found. ``now`` is in Unix seconds."""
    entry = look.entry
    return CacheExplanation(
        key=question.key,
        tables=tuple(sorted(question.tables)),
        state=_STATES[look.freshness],
        reason=None if look.reason is None else look.reason.value,
        tier=None if look.tier is None else look.tier.value,
        age_seconds=None if entry is None else round(now - entry.created_at, 3),
        renewed_in=None if entry is None else _until(entry.soft_expiry, now),
        expires_in=None if entry is None else _until(entry.hard_expiry, now),
        size_bytes=None if entry is None else entry.body_size,
        compute_seconds=None if entry is None else round(entry.compute_seconds, 6),
        versions={name: token[:_SHOWN] for name, token in sorted(look.versions.items())},
        entry_versions={} if entry is None else _versions_of(entry),
    )


def _versions_of(entry: CacheEntry) -> dict[str, str]:
    tokens = ((TableVersions.EVERYTHING, entry.epoch), *entry.versions)
    return {name: token.decode("utf-8", "replace")[:_SHOWN] for name, token in tokens}


def _until(moment: float, now: float) -> float | None:
    return None if isinf(moment) else round(moment - now, 3)
