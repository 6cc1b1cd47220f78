import pytest
from tests.contracts.metrics_sink import MetricsSinkContract

from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.ports.metrics_sink import MetricsSink


class TestNoMetrics(MetricsSinkContract):
    @pytest.fixture
    def sink(self) -> MetricsSink:
        return NoMetrics()
