"""What is counted, as metrics of the client library, each made at its first use."""

import re
import threading
from collections.abc import Collection
from typing import Any, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from prismiq.adapters.prometheus.bounded_series import (
    MAX_HISTOGRAMS,
    MAX_LABEL_VALUES,
    MAX_SERIES,
    BoundedSeries,
)
from prismiq.adapters.prometheus.families import FAMILIES, REQUEST_SECONDS, Family, Kind

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED_LABELS = {"le", "pid"}
_MAX_FAMILIES = 500

Instrument = TypeVar("Instrument", bound=MetricWrapperBase)


class Instruments:
    """One instrument for each name. For any thread.

    Args:
        max_label_values: of one label that have series of their own.
        max_series: of one metric; a histogram counts for several.
    """

    def __init__(
        self, *, max_label_values: int = MAX_LABEL_VALUES, max_series: int = MAX_SERIES
    ) -> None:
        self._max_label_values = max_label_values
        self._max_series = max_series
        self.registry = CollectorRegistry()
        self._families: dict[str, Family] = {}
        self._series: dict[str, Any] = {}
        self._lock = threading.Lock()

    def family(self, kind: Kind, name: str, labels: Collection[str]) -> Family:
        """Return the metric of that name, a new one if there is none yet.

        Raises:
            ValueError: it has another kind or other labels, or no metric can have these names.
        """
        known = self._families.get(name) or FAMILIES.get(name) or _new_family(kind, name, labels)
        if known.kind is not kind:
            raise ValueError(f"it is a {known.kind}, not a {kind}")
        if set(known.labels) != set(labels):
            raise ValueError(f"its labels are {sorted(known.labels)}, not {sorted(labels)}")
        return known

    def counter(self, family: Family) -> BoundedSeries[Counter]:
        """Return the series of a counter."""
        return self._of(family, Counter)

    def gauge(self, family: Family) -> BoundedSeries[Gauge]:
        """Return the series of a gauge."""
        return self._of(family, Gauge)

    def histogram(self, family: Family) -> BoundedSeries[Histogram]:
        """Return the series of a histogram."""
        return self._of(family, Histogram)

    def _of(self, family: Family, kind: type[Instrument]) -> BoundedSeries[Instrument]:
        series = self._series.get(family.name)
        if series is None:
            with self._lock:
                series = self._series.get(family.name) or self._make(family, kind)
        return cast("BoundedSeries[Instrument]", series)

    def _make(self, family: Family, kind: type[Instrument]) -> BoundedSeries[Instrument]:
        if len(self._series) >= _MAX_FAMILIES:
            raise ValueError(f"there are {_MAX_FAMILIES} metrics already")
        options: dict[str, Any] = {}
        if family.kind is Kind.GAUGE:
            options["multiprocess_mode"] = family.across_workers
        if family.kind is Kind.HISTOGRAM:
            options["buckets"] = family.buckets
        made = BoundedSeries(
            kind(family.name, family.help, family.labels, registry=self.registry, **options),
            family.name,
            len(family.labels),
            max_values=self._max_label_values,
            max_series=min(self._max_series, MAX_HISTOGRAMS)
            if family.kind is Kind.HISTOGRAM
            else self._max_series,
        )
        self._families[family.name] = family
        self._series[family.name] = made
        return made


def _new_family(kind: Kind, name: str, labels: Collection[str]) -> Family:
    if not _NAME.fullmatch(name):
        raise ValueError("no metric can have this name")
    for label in labels:
        if label in _RESERVED_LABELS or not _LABEL.fullmatch(label):
            raise ValueError(f"no label can be called {label!r}")
    text = f"The {kind} {name} of the application."
    family = Family(kind, name, text, tuple(sorted(labels)))
    if name.endswith("_seconds"):
        return Family(kind, name, text, family.labels, REQUEST_SECONDS)
    return family
