"""A gauge to which several parts of a process add what they have."""

from prometheus_client import Gauge


class SharedGauge:
    """One part's share of a gauge: setting it leaves what others added as it is."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._share = 0.0

    def set(self, value: float) -> None:
        """Replace this part's share."""
        if value != self._share:
            self._gauge.inc(value - self._share)
            self._share = value
