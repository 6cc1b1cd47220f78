"""The series of one metric, so many and no more.

A label whose values come from outside makes a series for each of them, here and in Prometheus,
for ever. So values beyond a bound share one series, whose label says ``_overflow``.
"""

import logging
from typing import Generic, TypeVar

from prometheus_client.metrics import MetricWrapperBase

logger = logging.getLogger(__name__)

OVERFLOW = "_overflow"
MAX_LABEL_VALUES = 200
MAX_SERIES = 2_000
MAX_HISTOGRAMS = 300
"""Each of them is a dozen series."""
_MAX_LENGTH = 128

Series = TypeVar("Series", bound=MetricWrapperBase)


class BoundedSeries(Generic[Series]):
    """Gives each combination of label values its series, or the one for all others.

    Args:
        parent: the metric of the client library, with label names.
        name: for the log.
        label_count: how many labels it has.
        max_values: of one label.
        max_series: of all labels together.
    """

    def __init__(
        self,
        parent: Series,
        name: str,
        label_count: int,
        *,
        max_values: int = MAX_LABEL_VALUES,
        max_series: int = MAX_SERIES,
    ) -> None:
        self._parent = parent
        self._name = name
        self._known: tuple[set[str], ...] = tuple(set() for _ in range(label_count))
        self._max_values = max_values
        self._max_series = max_series
        self._admitted: set[tuple[str, ...]] = set()
        self._children: dict[tuple[object, ...], Series] = {}  # by values as they were given
        self._overflows = False

    def of(self, *values: object) -> Series:
        """Return the series of these label values, in the order of the label names."""
        return self._children.get(values) or self._find(values)

    def _find(self, values: tuple[object, ...]) -> Series:
        if not values:
            return self._parent
        texts = tuple(label_text(value) for value in values)
        admitted = self._admit(texts)
        child = self._parent.labels(*admitted)
        if admitted == tuple(map(str, values)):  # as it was given, so that these are bounded too
            self._children[values] = child
        elif OVERFLOW in admitted and not self._overflows:
            self._overflows = True
            logger.warning("The metric %s has too many series; the rest is one.", self._name)
        return child

    def _admit(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        admitted = []
        for text, known in zip(texts, self._known, strict=True):
            if text not in known and len(known) >= self._max_values:
                admitted.append(OVERFLOW)
            else:
                admitted.append(text)
        series = tuple(admitted)
        if series not in self._admitted:
            if len(self._admitted) >= self._max_series:
                return (OVERFLOW,) * len(texts)
            self._admitted.add(series)
            for text, known in zip(series, self._known, strict=True):
                known.add(text)
        return series


def label_text(value: object) -> str:
    """Return a label value that can be written in UTF-8 and is not endless."""
    text = str(value)[:_MAX_LENGTH]
    return text.encode("utf-8", "backslashreplace").decode()
