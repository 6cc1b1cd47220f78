"""What counts for an engine, and what shows it to scrapers."""

from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.prometheus.exposition import MetricsExposition
from prismiq.adapters.prometheus.metrics_sink import Exemplar, PrometheusMetricsSink
from prismiq.adapters.prometheus.process_metrics import with_process_metrics
from prismiq.adapters.prometheus.recording import metrics
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.services.usage_sampler import UsageSampler
from prismiq.entrypoints.options import EngineOptions
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.metrics_sink import MetricsSink
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.tracer import Tracer


def metrics_sink(options: EngineOptions, tracer: Tracer) -> MetricsSink:
    """Return what counts: in ``prismiq.metrics``, or nowhere."""
    if not options.enable_metrics:
        return NoMetrics()
    exemplar = None if isinstance(tracer, NoTracing) else _exemplar_from(tracer)
    return PrometheusMetricsSink(metrics, exemplar=exemplar)


def usage_sampler(sink: MetricsSink, pool: PostgresPool, cache: CacheGauge | None) -> UsageSampler:
    """Return what measures pool and cache."""
    return UsageSampler(sink, pool.usage, None if cache is None else cache.usage)


def metrics_exposition(options: EngineOptions, usage: UsageSampler) -> MetricsExposition | None:
    """Return what writes ``prismiq.metrics`` for scrapers; None where nothing is counted."""
    if not options.enable_metrics:
        return None
    return MetricsExposition(with_process_metrics(metrics), usage.sample)


def report_outages(store: StoreAvailability, name: str, metrics: MetricsSink) -> None:
    """Have the metrics told whenever a shared store goes away or is back.

    ``name`` says what is kept there, since several things may be.
    """
    store.watch(lambda is_available: metrics.store_changed(name, available=is_available))


def _exemplar_from(tracer: Tracer) -> Exemplar:
    def exemplar() -> dict[str, str] | None:
        ids = tracer.current()
        # Only traces that are kept can be looked up.
        return {"trace_id": ids.trace_id} if ids is not None and ids.sampled else None

    return exemplar
