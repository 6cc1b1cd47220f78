"""Counts what happens."""

import logging
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from typing import Concatenate, ParamSpec, TypeAlias

from prometheus_client import Counter

from prismiq.adapters.prometheus import families
from prismiq.adapters.prometheus.families import Family
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.shared_gauge import SharedGauge
from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.observations import (
    CacheTier,
    CacheUsage,
    LimitOutcome,
    PoolUsage,
    QueryOutcome,
)
from prismiq.ports.metrics_sink import MetricsSink

logger = logging.getLogger(__name__)

Exemplar: TypeAlias = Callable[[], dict[str, str] | None]
Arguments = ParamSpec("Arguments")
_Event: TypeAlias = Callable[Concatenate["PrometheusMetricsSink", Arguments], None]

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_OTHER = "_other"
_STATUSES = range(100, 600)
_NO_TIER = "none"


def _harmless(event: "_Event[Arguments]") -> "_Event[Arguments]":
    """Keep from those who are counted what goes wrong in counting them.

    Events that every request has do the same themselves: this costs as much as one of their
    counters.
    """

    @wraps(event)
    def attempt(
        sink: "PrometheusMetricsSink", /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> None:
        try:
            event(sink, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, it fails no request
            sink.complain(event.__name__, error)

    return attempt


class PrometheusMetricsSink(MetricsSink):
    """Counts in ``metrics``, at about a microsecond for each number.

    Series with labels of a fixed set exist from the start, so that the first event of a kind
    shows as an increase. Several sinks may count in one ``Metrics``: what each has adds up.

    Args:
        metrics: where the numbers are kept.
        exemplar: gives labels, such as ``trace_id``, that are remembered beside the duration of
            a request; workers that share a directory keep none.
    """

    def __init__(self, metrics: Metrics, *, exemplar: Exemplar | None = None) -> None:
        self._instruments = metrics.instruments
        self._exemplar = exemplar
        self._complaints: set[str] = set()
        self._count_requests()
        self._count_queries()
        self._count_answers()
        self._measure_usage()
        self._log_lines_dropped = self._instruments.counter(families.LOG_LINES_DROPPED).of()
        self._stores: dict[str, SharedGauge] = {}
        self._instruments.gauge(families.BUILD_INFO).of(version("prismiq")).set(1)
        self._instruments.gauge(families.WORKERS).of().set(1)

    def _count_requests(self) -> None:
        self._requests = self._instruments.counter(families.REQUESTS)
        self._request_seconds = self._instruments.histogram(families.REQUEST_DURATION)
        self._in_flight = self._instruments.gauge(families.REQUESTS_IN_FLIGHT)

    def _count_queries(self) -> None:
        queries = self._instruments.counter(families.QUERIES)
        self._queries = {outcome: queries.of(outcome) for outcome in QueryOutcome}
        self._query_milliseconds = self._instruments.histogram(families.QUERY_DURATION).of()

    def _count_answers(self) -> None:
        self._results = self._instruments.counter(families.CACHE)
        self._answers = self._instruments.counter(families.CACHE_ANSWERS)
        self._answer_counters = {
            (outcome, tier): self._counters_of(outcome, tier)
            for outcome in CacheOutcome
            for tier in _tiers_of(outcome)
        }
        misses = self._instruments.counter(families.CACHE_MISSES)
        self._misses = {reason: misses.of(reason) for reason in MissReason}
        self._flight_waits = self._instruments.counter(families.FLIGHT_WAITS).of()
        self._invalidations = self._instruments.counter(families.INVALIDATIONS).of()
        self._invalidated = self._instruments.counter(families.INVALIDATED_ENTRIES).of()
        self._write_failures = self._instruments.counter(families.CACHE_WRITE_FAILURES).of()
        self._limits = self._instruments.counter(families.LIMIT_DECISIONS)

    def _counters_of(
        self, outcome: CacheOutcome, tier: CacheTier | None
    ) -> tuple[Counter, Counter]:
        result = outcome.lower()
        return self._results.of(result), self._answers.of(result, tier or _NO_TIER)

    def _measure_usage(self) -> None:
        self._connections = self._gauge(families.CONNECTIONS)
        self._idle_connections = self._gauge(families.IDLE_CONNECTIONS)
        self._waiting_callers = self._gauge(families.WAITING_CALLERS)
        self._max_connections = self._gauge(families.MAX_CONNECTIONS)
        self._cache_bytes = self._gauge(families.CACHE_BYTES)
        self._cache_entries = self._gauge(families.CACHE_ENTRIES)

    def _gauge(self, family: Family, *labels: str) -> SharedGauge:
        return SharedGauge(self._instruments.gauge(family).of(*labels))

    def complain(self, event: str, error: Exception) -> None:
        """Say once in the log that such events cannot be counted."""
        if event not in self._complaints:
            self._complaints.add(event)
            logger.warning("The event %s was not counted: %s.", event, error)

    def request_started(self, method: str, endpoint: str) -> None:
        try:
            self._in_flight.of(endpoint, _bounded_method(method)).inc()
        except Exception as error:  # noqa: BLE001 - see ``_harmless``
            self.complain("request_started", error)

    def request_finished(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        try:
            method = _bounded_method(method)
            self._in_flight.of(endpoint, method).dec()
            self._requests.of(endpoint, status if status in _STATUSES else _OTHER).inc()
            exemplar = None if self._exemplar is None else self._exemplar()
            self._request_seconds.of(endpoint, method).observe(seconds, exemplar)
        except Exception as error:  # noqa: BLE001 - as above
            self.complain("request_finished", error)

    def query_finished(self, outcome: QueryOutcome, seconds: float) -> None:
        try:
            self._queries[outcome].inc()
            self._query_milliseconds.observe(seconds * 1000)
        except Exception as error:  # noqa: BLE001 - as above
            self.complain("query_finished", error)

    def answer_given(self, outcome: CacheOutcome, tier: CacheTier | None) -> None:
        try:
            counters = self._answer_counters.get((outcome, tier))
            result, answer = counters or self._counters_of(outcome, tier)
            result.inc()
            answer.inc()
        except Exception as error:  # noqa: BLE001 - as above
            self.complain("answer_given", error)

    @_harmless
    def entry_missed(self, reason: MissReason) -> None:
        self._misses[reason].inc()

    @_harmless
    def flight_joined(self) -> None:
        self._flight_waits.inc()

    @_harmless
    def tables_invalidated(self, entries: int) -> None:
        self._invalidations.inc()
        self._invalidated.inc(entries)

    @_harmless
    def cache_write_failed(self) -> None:
        self._write_failures.inc()

    @_harmless
    def store_changed(self, store: str, *, available: bool) -> None:
        gauge = self._stores.get(store)
        if gauge is None:
            gauge = self._stores[store] = self._gauge(families.BREAKER_OPEN, store)
        gauge.set(0 if available else 1)

    @_harmless
    def change_feed_changed(self, *, connected: bool) -> None:
        # Made here, so that it does not show where there is no such feed.
        self._instruments.gauge(families.CHANGE_FEED).of().set(connected)

    def limit_decided(self, policy: str, outcome: LimitOutcome) -> None:
        try:
            self._limits.of(policy, outcome).inc()
        except Exception as error:  # noqa: BLE001 - as above
            self.complain("limit_decided", error)

    @_harmless
    def log_lines_dropped(self, count: int) -> None:
        self._log_lines_dropped.inc(count)

    @_harmless
    def pool_measured(self, usage: PoolUsage) -> None:
        self._connections.set(usage.size)
        self._idle_connections.set(usage.idle)
        self._waiting_callers.set(usage.waiting)
        self._max_connections.set(usage.max_size)

    @_harmless
    def cache_measured(self, usage: CacheUsage) -> None:
        self._cache_bytes.set(usage.used_bytes)
        self._cache_entries.set(usage.entries)


def _tiers_of(outcome: CacheOutcome) -> tuple[CacheTier | None, ...]:
    is_kept = outcome in {CacheOutcome.HIT, CacheOutcome.STALE}
    return tuple(CacheTier) if is_kept else (None,)


def _bounded_method(method: str) -> str:
    return method if method in _METHODS else _OTHER
