"""A single process shows its memory and time; one of several does not pass for all."""

from pathlib import Path

import pytest
from prometheus_client import generate_latest

from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.process_metrics import with_process_metrics


def test_a_single_process_shows_what_it_uses() -> None:
    metrics = Metrics()
    metrics.inc_counter("flights")
    text = generate_latest(with_process_metrics(metrics)).decode()
    for name in ("flights_total", "process_resident_memory_bytes", "python_info", "python_gc"):
        assert f"\n{name}" in text


def test_one_of_several_shows_what_all_have(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    metrics = Metrics()
    assert with_process_metrics(metrics) is metrics
    assert metrics.format_prometheus() == ""  # what is in the directory, and that is nothing
