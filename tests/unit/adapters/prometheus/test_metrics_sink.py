"""Every event becomes the numbers that dashboards and alerts ask for."""

import re
from itertools import product

import pytest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from tests.contracts.metrics_sink import EVENTS, MetricsSinkContract

from prismiq.adapters.prometheus.families import FAMILIES
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.metrics_sink import PrometheusMetricsSink
from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.observations import CacheTier, CacheUsage, PoolUsage, QueryOutcome
from prismiq.ports.metrics_sink import MetricsSink


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def sink(metrics: Metrics) -> PrometheusMetricsSink:
    return PrometheusMetricsSink(metrics)


class TestPrometheusMetricsSink(MetricsSinkContract):
    @pytest.fixture
    def sink(self) -> MetricsSink:
        return PrometheusMetricsSink(Metrics())


EXPECTED = {
    "request_started": ['prismiq_requests_in_flight{endpoint="/api/tables",method="GET"} 1'],
    "request_finished": [
        'prismiq_requests_total{endpoint="/api/tables",status="200"} 1',
        'prismiq_request_duration_seconds_sum{endpoint="/api/tables",method="GET"} 0.02',
        'prismiq_requests_in_flight{endpoint="/api/tables",method="GET"} -1',
    ],
    "query_finished": [
        'prismiq_queries_total{status="success"} 1',
        "prismiq_query_duration_ms_sum 20",
        'prismiq_query_duration_ms_bucket{le="25.0"} 1',
    ],
    "answer_given": [
        'prismiq_cache_total{result="hit"} 1',
        'prismiq_cache_answers_total{outcome="hit",tier="memory"} 1',
    ],
    "entry_missed": ['prismiq_cache_misses_total{reason="absent"} 1'],
    "flight_joined": ["prismiq_cache_flight_waits_total 1"],
    "tables_invalidated": [
        "prismiq_cache_invalidations_total 1",
        "prismiq_cache_invalidated_entries_total 3",
    ],
    "cache_write_failed": ["prismiq_cache_write_failures_total 1"],
    "store_changed": ['prismiq_breaker_open{store="cache"} 1'],
    "change_feed_changed": ["prismiq_change_feed_connected 1"],
    "limit_decided": ['prismiq_limit_decisions_total{outcome="denied",policy="default"} 1'],
    "log_lines_dropped": ["prismiq_log_lines_dropped_total 2"],
    "pool_measured": [
        "prismiq_active_connections 5",
        "prismiq_pool_idle_connections 2",
        "prismiq_pool_waiting_callers 1",
        "prismiq_pool_max_connections 10",
    ],
    "cache_measured": ["prismiq_cache_used_bytes 1024", "prismiq_cache_entries 7"],
}


def test_no_event_is_left_out() -> None:
    assert set(EVENTS) == MetricsSink.__abstractmethods__


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_becomes_numbers(sink: MetricsSink, metrics: Metrics, name: str) -> None:
    EVENTS[name](sink)
    lines = [line.removesuffix(".0") for line in metrics.format_prometheus().splitlines()]
    assert [line for line in EXPECTED[name] if line not in lines] == []


@pytest.mark.usefixtures("sink")
def test_the_first_event_of_a_kind_shows_as_an_increase(metrics: Metrics) -> None:
    """Prometheus cannot see an increase of a series that begins with 1."""
    text = metrics.format_prometheus()
    for status in QueryOutcome:
        assert f'prismiq_queries_total{{status="{status}"}} 0.0' in text
    for outcome, tier in product(("hit", "stale"), CacheTier):
        assert f'prismiq_cache_answers_total{{outcome="{outcome}",tier="{tier}"}} 0.0' in text
    assert re.search(r'prismiq_build_info\{version="\d[^"]*"\} 1.0', text)


def test_an_answer_whose_tier_is_not_told_counts_too(sink: MetricsSink, metrics: Metrics) -> None:
    sink.answer_given(CacheOutcome.HIT, None)
    assert 'prismiq_cache_total{result="hit"} 1.0' in metrics.format_prometheus()


def test_all_declared_metrics_come_from_events(sink: MetricsSink, metrics: Metrics) -> None:
    for event in EVENTS.values():
        event(sink)
    names = {f"{m.name}_total" if m.type == "counter" else m.name for m in metrics.collect()}
    assert names == set(FAMILIES)
    for metric in metrics.collect():
        family = FAMILIES[f"{metric.name}_total" if metric.type == "counter" else metric.name]
        for sample in metric.samples:
            assert set(sample.labels) - {"le"} == set(family.labels)


def test_methods_and_statuses_that_clients_invent_make_no_series(
    sink: MetricsSink, metrics: Metrics
) -> None:
    for number in range(1_000):
        sink.request_started(f"M{number}", "/api/tables")
        sink.request_finished(f"M{number}", "/api/tables", number * 600, 0.1)
    text = metrics.format_prometheus()
    assert 'prismiq_requests_total{endpoint="/api/tables",status="_other"} 1000.0' in text
    assert 'prismiq_requests_in_flight{endpoint="/api/tables",method="_other"} 0.0' in text
    assert len(text.splitlines()) < 200


def test_endpoints_are_bounded_and_what_is_in_flight_still_comes_back_to_zero(
    sink: MetricsSink, metrics: Metrics
) -> None:
    for number in range(5_000):
        sink.request_started("GET", f"/fuzz/{number}")
    for number in reversed(range(5_000)):
        sink.request_finished("GET", f"/fuzz/{number}", 200, 0.1)
    in_flight = re.findall(r"prismiq_requests_in_flight\{.*\} (.*)", metrics.format_prometheus())
    assert len(in_flight) == 201
    assert set(in_flight) == {"0.0"}


def test_what_several_engines_have_adds_up(metrics: Metrics) -> None:
    first, second = PrometheusMetricsSink(metrics), PrometheusMetricsSink(metrics)
    first.pool_measured(PoolUsage(size=5, idle=2, waiting=0, max_size=10))
    second.pool_measured(PoolUsage(size=3, idle=3, waiting=0, max_size=10))
    first.pool_measured(PoolUsage(size=4, idle=2, waiting=0, max_size=10))
    second.cache_measured(CacheUsage(used_bytes=10, entries=1))
    text = metrics.format_prometheus()
    assert "prismiq_active_connections 7.0" in text
    assert "prismiq_pool_max_connections 20.0" in text
    assert "prismiq_workers 1.0" in text
    second.pool_measured(PoolUsage(size=0, idle=0, waiting=0, max_size=0))
    assert "prismiq_active_connections 4.0" in metrics.format_prometheus()


def test_a_failure_in_counting_is_said_once(
    sink: PrometheusMetricsSink, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        sink.query_finished(QueryOutcome.SUCCESS, "soon")  # type: ignore[arg-type]
    assert len(caplog.records) == 1
    assert "query_finished" in caplog.messages[0]


def test_a_trace_is_kept_beside_the_duration_of_its_request(metrics: Metrics) -> None:
    sink = PrometheusMetricsSink(metrics, exemplar=lambda: {"trace_id": "4bf92f35"})
    sink.request_finished("GET", "/api/tables", 200, 0.02)
    text = generate_openmetrics(metrics).decode()  # type: ignore[no-untyped-call]
    assert re.search(r'le="0.025".* 1.0 # \{trace_id="4bf92f35"\} 0.02 ', text)
    assert text.endswith("# EOF\n")
    assert "trace_id" not in metrics.format_prometheus()
