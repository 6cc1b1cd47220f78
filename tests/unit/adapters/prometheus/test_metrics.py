"""The spec's collector, in Prometheus' format, whatever it is given."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from prismiq import Metrics

LINES = """# HELP flights_total The counter flights_total of the application.
# TYPE flights_total counter
flights_total{carrier="UA"} 3.0
flights_total{carrier="AA"} 1.0
"""


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.format_prometheus())
        for sample in family.samples
    }


def test_nothing_was_counted_yet(metrics: Metrics) -> None:
    assert metrics.format_prometheus() == ""


def test_counters_add_up_and_each_metric_has_one_head(metrics: Metrics) -> None:
    metrics.inc_counter("flights_total", carrier="UA")
    metrics.inc_counter("flights_total", carrier="AA")
    metrics.inc_counter("flights", 2, carrier="UA")  # the ending is added
    assert metrics.format_prometheus() == LINES


def test_a_gauge_is_what_it_was_set_to(metrics: Metrics) -> None:
    metrics.set_gauge("queue_length", 3)
    metrics.set_gauge("queue_length", 1.5)
    assert "# TYPE queue_length gauge\nqueue_length 1.5\n" in metrics.format_prometheus()


def test_a_histogram_counts_in_buckets_and_keeps_no_observation(metrics: Metrics) -> None:
    for milliseconds in (0.5, 7, 7, 90_000):
        metrics.observe_histogram("load_ms", milliseconds, table="flights")
    found = samples(metrics)
    label = ("table", "flights")
    assert found["load_ms_bucket", (("le", "1.0"), label)] == 1
    assert found["load_ms_bucket", (("le", "10.0"), label)] == 3
    assert found["load_ms_bucket", (("le", "+Inf"), label)] == 4
    assert found["load_ms_count", (label,)] == 4
    assert found["load_ms_sum", (label,)] == 90_014.5


def test_seconds_have_buckets_for_seconds(metrics: Metrics) -> None:
    metrics.observe_histogram("load_seconds", 0.02)
    assert samples(metrics)["load_seconds_bucket", (("le", "0.025"),)] == 1


HOSTILE = ['a"b', "a\\", "a\nb 1\nforged_total 7", "} 1", "\x00", "\ud800", "é😀", "", "x" * 10_000]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_label_value_forges_a_line_or_breaks_the_text(metrics: Metrics, value: str) -> None:
    metrics.inc_counter("seen_total", who=value)
    expected = value[:128].encode("utf-8", "backslashreplace").decode()
    assert samples(metrics) == {("seen_total", (("who", expected),)): 1}


def test_values_beyond_the_bound_share_one_series() -> None:
    metrics = Metrics(max_label_values=3)
    for number in range(1_000):
        metrics.inc_counter("seen_total", who=str(number), kind="bot")
    metrics.inc_counter("seen_total", who="1", kind="bot")  # whom it knows, it still knows
    found = {dict(labels)["who"]: value for (_, labels), value in samples(metrics).items()}
    assert found == {"0": 1, "1": 2, "2": 1, "_overflow": 997}


def test_many_labels_with_few_values_are_bounded_together() -> None:
    metrics = Metrics(max_label_values=50, max_series=100)
    for first in range(50):
        for second in range(50):
            metrics.inc_counter("seen_total", first=str(first), second=str(second))
    found = samples(metrics)
    assert len(found) == 101
    assert sum(found.values()) == 2_500


def test_the_number_of_metrics_is_bounded(metrics: Metrics) -> None:
    for number in range(2_000):
        metrics.inc_counter(f"tenant_{number}_total")
    assert len(samples(metrics)) == 500


@dataclass(frozen=True)
class Refused:
    name: str
    value: Any
    labels: dict[str, str]
    reason: str


@pytest.mark.parametrize(
    "refused",
    [
        Refused("flights_total", -1, {"carrier": "UA"}, "non-negative"),
        Refused("flights_total", float("nan"), {"carrier": "UA"}, "no finite number"),
        Refused("flights_total", "many", {"carrier": "UA"}, "must be real number"),
        Refused("flights_total", 1, {}, "its labels are ['carrier'], not []"),
        Refused(
            "flights_total", 1, {"origin": "JFK"}, "its labels are ['carrier'], not ['origin']"
        ),
        Refused(
            "prismiq_active_connections_total", 1, {"a b": "x"}, "no label can be called 'a b'"
        ),
        Refused("other_total", 1, {"le": "x"}, "no label can be called 'le'"),
        Refused("other_total", 1, {"__name__": "x"}, "no label can be called '__name__'"),
        Refused("no name", 1, {}, "no metric can have this name"),
    ],
    ids=lambda refused: refused.reason,
)
def test_what_cannot_be_counted_is_said_once_and_changes_nothing(
    metrics: Metrics, caplog: pytest.LogCaptureFixture, refused: Refused
) -> None:
    metrics.inc_counter("flights_total", 3, carrier="UA")
    before = metrics.format_prometheus()
    for _ in range(3):
        metrics.inc_counter(refused.name, refused.value, **refused.labels)
    assert metrics.format_prometheus() == before
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert refused.reason in caplog.messages[0]
    assert refused.name in caplog.messages[0]


def test_one_name_has_one_kind(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    metrics.set_gauge("size_total", 3)
    metrics.inc_counter("size_total")
    metrics.observe_histogram("size_total", 1)
    assert metrics.format_prometheus().endswith("size_total 3.0\n")
    assert "it is a gauge, not a counter" in caplog.text
    metrics.set_gauge("prismiq_query_duration_ms", 3)
    assert "it is a histogram, not a gauge" in caplog.text


def test_infinity_and_nan_do_not_spoil_a_sum(metrics: Metrics) -> None:
    for value in (1.0, float("nan"), float("inf"), float("-inf")):
        metrics.observe_histogram("load_ms", value)
        metrics.set_gauge("load", value)
    found = samples(metrics)
    assert (found["load_ms_sum", ()], found["load_ms_count", ()], found["load", ()]) == (1, 1, 1)


def test_threads_lose_no_count(metrics: Metrics) -> None:
    def count() -> None:
        for number in range(2_000):
            metrics.inc_counter("flights_total", carrier=str(number % 7))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(samples(metrics).values()) == 8_000


def test_it_fits_into_another_registry(metrics: Metrics) -> None:
    metrics.inc_counter("flights", carrier="UA")
    registry = CollectorRegistry(auto_describe=True)
    registry.register(metrics)
    assert 'flights_total{carrier="UA"} 1.0' in generate_latest(registry).decode()
