"""What the client library knows of a process: memory, processor time, files, garbage."""

import os

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.registry import Collector

from prismiq.adapters.prometheus.metrics import SHARED_DIRECTORY


def with_process_metrics(collector: Collector) -> Collector:
    """Return the metrics of a collector together with those of this process.

    Where several processes add up there are none: whoever answered a scrape would show its own.
    """
    if SHARED_DIRECTORY in os.environ:
        return collector
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
