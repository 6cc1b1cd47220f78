"""Counting what the cache does, for operators and for metrics."""

from collections import Counter

from prismiq.domain.model.cache_report import CacheStats
from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.observations import CacheTier, CacheUsage
from prismiq.domain.services.answer_cache import Answer
from prismiq.ports.metrics_sink import MetricsSink


class CacheStatistics:
    """Counts of this process since it started; each event is passed on to the metrics."""

    def __init__(self, metrics: MetricsSink) -> None:
        self._metrics = metrics
        self._given: Counter[tuple[CacheOutcome, CacheTier | None]] = Counter()
        self.reasons: Counter[MissReason] = Counter()
        self.invalidations = 0
        self.entries_invalidated = 0

    def count(self, answer: Answer) -> None:
        """Count an answer that was given."""
        outcome, tier = answer.outcome, answer.tier
        self._given[outcome, tier] += 1
        if outcome is not CacheOutcome.HIT and answer.reason is not None:
            self.reasons[answer.reason] += 1
            self._metrics.entry_missed(answer.reason)
        self._metrics.answer_given(outcome, tier)

    def count_invalidation(self, entries: int) -> None:
        """Count an invalidation that made at most so many entries unreachable."""
        self.invalidations += 1
        self.entries_invalidated += entries
        self._metrics.tables_invalidated(entries)

    def report(self, usage: CacheUsage, waiting: int) -> CacheStats:
        """Return all counts, with what the memory holds and how many callers wait now."""
        outcomes: Counter[CacheOutcome] = Counter()
        for (outcome, _tier), count in self._given.items():
            outcomes[outcome] += count
        hits, misses = outcomes[CacheOutcome.HIT], outcomes[CacheOutcome.MISS]
        asked = hits + misses + outcomes[CacheOutcome.STALE]
        return CacheStats(
            hits=hits,
            memory_hits=self._given[CacheOutcome.HIT, CacheTier.MEMORY],
            shared_hits=self._given[CacheOutcome.HIT, CacheTier.SHARED],
            misses=misses,
            stale=outcomes[CacheOutcome.STALE],
            bypasses=outcomes[CacheOutcome.BYPASS],
            hit_ratio=round(hits / asked, 4) if asked else None,
            miss_reasons={reason.value: count for reason, count in sorted(self.reasons.items())},
            invalidations=self.invalidations,
            entries_invalidated=self.entries_invalidated,
            entries=usage.entries,
            used_bytes=usage.used_bytes,
            max_bytes=usage.max_bytes,
            evictions=usage.evictions,
            waiting=waiting,
        )
