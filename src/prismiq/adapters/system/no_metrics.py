"""Where nobody counts."""

from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.observations import (
    CacheTier,
    CacheUsage,
    LimitOutcome,
    PoolUsage,
    QueryOutcome,
)
from prismiq.ports.metrics_sink import MetricsSink


class NoMetrics(MetricsSink):
    """Takes every event and keeps none."""

    def request_started(self, method: str, endpoint: str) -> None:
        pass

    def request_finished(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        pass

    def query_finished(self, outcome: QueryOutcome, seconds: float) -> None:
        pass

    def answer_given(self, outcome: CacheOutcome, tier: CacheTier | None) -> None:
        pass

    def entry_missed(self, reason: MissReason) -> None:
        pass

    def flight_joined(self) -> None:
        pass

    def tables_invalidated(self, entries: int) -> None:
        pass

    def cache_write_failed(self) -> None:
        pass

    def store_changed(self, store: str, *, available: bool) -> None:
        pass

    def change_feed_changed(self, *, connected: bool) -> None:
        pass

    def limit_decided(self, policy: str, outcome: LimitOutcome) -> None:
        pass

    def log_lines_dropped(self, count: int) -> None:
        pass

    def pool_measured(self, usage: PoolUsage) -> None:
        pass

    def cache_measured(self, usage: CacheUsage) -> None:
        pass
