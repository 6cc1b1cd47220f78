"""The collector of metrics, as users have it."""

import logging
import math
import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from prismiq.adapters.prometheus.bounded_series import MAX_LABEL_VALUES, MAX_SERIES
from prismiq.adapters.prometheus.families import Family, Kind
from prismiq.adapters.prometheus.instruments import Instruments

logger = logging.getLogger(__name__)

SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Of the client library: where several processes add up."""


class Metrics(Collector):
    """Counters, gauges and histograms, in Prometheus' exposition format.

    A metric begins with its first use, which also decides about its kind and its label names.
    Counters' names end in ``_total``; it is added where it is missing. No call raises: a metric
    that cannot be counted as it is asked for is named once in the log. Of the values of one label
    200 get series of their own; all others share one that says ``_overflow``.

    For any thread. Where ``PROMETHEUS_MULTIPROC_DIR`` is set, several processes add up.

    It is a collector of the client library too. An application that has an endpoint for metrics
    already shows Prismiq's there after ``prometheus_client.REGISTRY.register(prismiq.metrics)``.

    Args:
        max_label_values: of one label that have series of their own.
        max_series: of one metric.
    """

    def __init__(
        self, *, max_label_values: int = MAX_LABEL_VALUES, max_series: int = MAX_SERIES
    ) -> None:
        self.instruments = Instruments(max_label_values=max_label_values, max_series=max_series)
        self._source: Collector = self.instruments.registry
        if SHARED_DIRECTORY in os.environ:
            self._source = SharedDirectory()
        self._complaints: set[str] = set()

    def inc_counter(self, name: str, value: float = 1, **labels: str) -> None:
        """Add to a counter. Negative values, and what is no finite number, are left out."""
        try:
            full_name = name if name.endswith("_total") else f"{name}_total"
            family = self.instruments.family(Kind.COUNTER, full_name, labels)
            series = self.instruments.counter(family).of(*_values(family, labels))
            series.inc(_finite(value))
        except Exception as error:  # noqa: BLE001 - whatever it is, it fails no request
            self._complain(name, error)

    def set_gauge(self, name: str, value: float, **labels: str) -> None:
        """Set what a gauge shows. Several processes add up. NaN is left out."""
        try:
            family = self.instruments.family(Kind.GAUGE, name, labels)
            series = self.instruments.gauge(family).of(*_values(family, labels))
            series.set(_finite(value))
        except Exception as error:  # noqa: BLE001 - as above
            self._complain(name, error)

    def observe_histogram(self, name: str, value: float, **labels: str) -> None:
        """Count a value in the buckets of a histogram. What is no finite number is left out.

        The buckets are for milliseconds, or for seconds where the name ends in ``_seconds``.
        """
        try:
            family = self.instruments.family(Kind.HISTOGRAM, name, labels)
            series = self.instruments.histogram(family).of(*_values(family, labels))
            series.observe(_finite(value))
        except Exception as error:  # noqa: BLE001 - as above
            self._complain(name, error)

    def format_prometheus(self) -> str:
        """Return all metrics in the text format, version 0.0.4."""
        return generate_latest(self).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics by name; a method of the client library's ``Collector``."""
        for metric in sorted(self._source.collect(), key=lambda metric: metric.name):
            # When a series was created would be one series more for each.
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric

    def collect_from(self, source: Collector) -> None:
        """Show what another collector knows: the files of all workers, say."""
        self._source = source

    def _complain(self, name: object, error: Exception) -> None:
        text = repr(name)[:100]
        if text not in self._complaints and len(self._complaints) < _MAX_COMPLAINTS:
            self._complaints.add(text)
            logger.warning("The metric %s was not counted: %s.", text, error)


_MAX_COMPLAINTS = 100


class SharedDirectory(Collector):
    """What all processes wrote that share ``PROMETHEUS_MULTIPROC_DIR``."""

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics, added up."""
        yield from added_up(Path(os.environ[SHARED_DIRECTORY]))


def added_up(directory: Path) -> list[Metric]:
    """Return what the files of all processes have, added up."""
    # A file is empty for a moment when its process has just begun.
    files = [str(path) for path in directory.glob("*.db") if _size_of(path) > 0]
    return list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # gauges of a process that has gone
        return 0


def _values(family: Family, labels: dict[str, str]) -> list[str]:
    return [labels[name] for name in family.labels]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("it is given what is no finite number")
    return value
