"""The metrics of this process, made here and nowhere else."""

from prismiq.adapters.prometheus.families import CACHE, QUERIES, QUERY_DURATION
from prismiq.adapters.prometheus.metrics import Metrics

metrics = Metrics()
"""What this process counts, by whatever engine."""


def record_query_execution(duration_ms: float, status: str) -> None:
    """Count a query that was executed: ``success``, ``error``, ``timeout`` or ``cancelled``."""
    metrics.inc_counter(QUERIES.name, status=status)
    metrics.observe_histogram(QUERY_DURATION.name, duration_ms)


def record_cache_hit(hit: bool) -> None:  # noqa: FBT001 - the signature is part of the contract
    """Count a look into the cache."""
    metrics.inc_counter(CACHE.name, result="hit" if hit else "miss")
