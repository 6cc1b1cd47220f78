"""Every metric that Prismiq has, with what it means.

The names are an interface: dashboards and alerts of operators hold them. ``deploy/grafana`` and
``deploy/prometheus`` are compared with what is listed here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

AcrossWorkers: TypeAlias = Literal["livesum", "livemin", "livemax"]

REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
QUERY_MILLISECONDS = (
    *(1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0),
    *(250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0),
)


class Kind(StrEnum):
    """What kind of number it is."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name and everything that does not depend on label values."""

    kind: Kind
    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = QUERY_MILLISECONDS
    """Upper bounds, of histograms."""
    across_workers: AcrossWorkers = "livesum"
    """What several processes that are alive make of their gauges."""


def _counter(name: str, text: str, *labels: str) -> Family:
    return Family(Kind.COUNTER, name, text, labels)


def _gauge(name: str, text: str, *labels: str, across_workers: AcrossWorkers = "livesum") -> Family:
    return Family(Kind.GAUGE, name, text, labels, across_workers=across_workers)


REQUESTS = _counter(
    "prismiq_requests_total",
    "HTTP requests by route template and status code.",
    *("endpoint", "status"),
)
REQUEST_DURATION = Family(
    Kind.HISTOGRAM,
    "prismiq_request_duration_seconds",
    "Time from a request to the last byte of its answer, by route template.",
    ("endpoint", "method"),
    buckets=REQUEST_SECONDS,
)
REQUESTS_IN_FLIGHT = _gauge(
    "prismiq_requests_in_flight",
    "HTTP requests that are being answered, by route template.",
    *("endpoint", "method"),
)

QUERIES = _counter(
    "prismiq_queries_total",
    "Queries that reached the database, by how they ended.",
    "status",
)
QUERY_DURATION = Family(
    Kind.HISTOGRAM,
    "prismiq_query_duration_ms",
    "Time that queries took in the database, in milliseconds.",
)

CACHE = _counter("prismiq_cache_total", "Queries by what the cache did for them.", "result")
CACHE_ANSWERS = _counter(
    "prismiq_cache_answers_total",
    "Answers by cache outcome and by the tier that had them; none: they were computed.",
    *("outcome", "tier"),
)
CACHE_MISSES = _counter(
    "prismiq_cache_misses_total", "Looks into the cache that were in vain, by reason.", "reason"
)
FLIGHT_WAITS = _counter(
    "prismiq_cache_flight_waits_total",
    "Callers who waited for an answer that was being computed for another.",
)
INVALIDATIONS = _counter("prismiq_cache_invalidations_total", "Invalidations of tables.")
INVALIDATED_ENTRIES = _counter(
    "prismiq_cache_invalidated_entries_total",
    "Cached answers that invalidations made unreachable, at most.",
)
CACHE_WRITE_FAILURES = _counter(
    "prismiq_cache_write_failures_total", "Answers that could not be kept."
)
CACHE_BYTES = _gauge("prismiq_cache_used_bytes", "What the in-process caches hold, in bytes.")
CACHE_ENTRIES = _gauge("prismiq_cache_entries", "Entries of the in-process caches.")

CONNECTIONS = _gauge("prismiq_active_connections", "Connections to the database, in use or idle.")
IDLE_CONNECTIONS = _gauge(
    "prismiq_pool_idle_connections", "Connections to the database that nobody uses."
)
WAITING_CALLERS = _gauge(
    "prismiq_pool_waiting_callers", "Callers who wait for a connection to the database."
)
MAX_CONNECTIONS = _gauge(
    "prismiq_pool_max_connections", "Connections to the database that there may be."
)

BREAKER_OPEN = _gauge(
    "prismiq_breaker_open",
    "Processes that keep away from a shared store because it failed.",
    "store",
)
CHANGE_FEED = _gauge(
    "prismiq_change_feed_connected",
    "1 where every process hears of the database's changes, else 0.",
    across_workers="livemin",
)
LIMIT_DECISIONS = _counter(
    "prismiq_limit_decisions_total",
    "Decisions about requests that have limits, by policy.",
    *("policy", "outcome"),
)
LOG_LINES_DROPPED = _counter(
    "prismiq_log_lines_dropped_total", "Log lines that could not be written and are lost."
)
BUILD_INFO = _gauge(
    "prismiq_build_info", "1, labelled with the version.", "version", across_workers="livemax"
)
WORKERS = _gauge("prismiq_workers", "Processes that serve.")

FAMILIES = {
    family.name: family
    for family in (
        *(REQUESTS, REQUEST_DURATION, REQUESTS_IN_FLIGHT, QUERIES, QUERY_DURATION),
        *(CACHE, CACHE_ANSWERS, CACHE_MISSES, FLIGHT_WAITS, INVALIDATIONS, INVALIDATED_ENTRIES),
        *(CACHE_WRITE_FAILURES, CACHE_BYTES, CACHE_ENTRIES),
        *(CONNECTIONS, IDLE_CONNECTIONS, WAITING_CALLERS, MAX_CONNECTIONS),
        *(BREAKER_OPEN, CHANGE_FEED, LIMIT_DECISIONS, LOG_LINES_DROPPED, BUILD_INFO, WORKERS),
    )
}
