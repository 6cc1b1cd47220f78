"""The one collector of a process, and the two functions of the spec."""

import inspect

import prismiq
from prismiq.adapters.prometheus import recording


def value_of(line: str) -> float:
    for found in prismiq.metrics.format_prometheus().splitlines():
        if found.startswith(f"{line} "):
            return float(found.rpartition(" ")[2])
    return 0.0


def test_a_query_is_counted_and_timed() -> None:
    count, total = 'prismiq_queries_total{status="success"}', "prismiq_query_duration_ms_sum"
    before = value_of(count), value_of(total)
    prismiq.record_query_execution(12.5, "success")
    prismiq.record_query_execution(duration_ms=7.5, status="success")
    assert (value_of(count), value_of(total)) == (before[0] + 2, before[1] + 20)


def test_hits_and_misses_are_counted() -> None:
    hits, misses = 'prismiq_cache_total{result="hit"}', 'prismiq_cache_total{result="miss"}'
    before = value_of(hits), value_of(misses)
    prismiq.record_cache_hit(True)
    prismiq.record_cache_hit(hit=False)
    assert (value_of(hits), value_of(misses)) == (before[0] + 1, before[1] + 1)


def test_signatures_are_the_specs() -> None:
    assert [*inspect.signature(prismiq.record_query_execution).parameters] == [
        "duration_ms",
        "status",
    ]
    assert [*inspect.signature(prismiq.record_cache_hit).parameters] == ["hit"]
    for name in ("inc_counter", "set_gauge", "observe_histogram"):
        parameters = inspect.signature(getattr(prismiq.Metrics, name)).parameters
        assert [*parameters] == ["self", "name", "value", "labels"]
    assert inspect.signature(prismiq.Metrics.inc_counter).parameters["value"].default == 1


def test_it_is_the_one_that_everything_counts_in() -> None:
    assert prismiq.metrics is recording.metrics
