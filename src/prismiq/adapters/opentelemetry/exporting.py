"""Sending spans to a collector, for processes whose OpenTelemetry nobody else configures."""

from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider, set_tracer_provider


def export_by_otlp() -> None:
    """Make the global provider send spans by OTLP over HTTP, unless there is one already.

    The SDK reads its own variables: ``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME``,
    ``OTEL_RESOURCE_ATTRIBUTES``, ``OTEL_TRACES_SAMPLER``, ``OTEL_SDK_DISABLED`` and so on. Spans
    are sent in batches by a thread, and the last ones when the process ends.
    """
    if not isinstance(get_tracer_provider(), ProxyTracerProvider):
        return
    named = OTELResourceDetector().detect().attributes  # what the environment says wins
    ours = {"service.name": "prismiq", "service.version": version("prismiq")}
    provider = TracerProvider(resource=Resource.create({**ours, **named}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)
