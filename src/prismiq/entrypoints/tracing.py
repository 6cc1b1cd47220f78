"""The tracer that the options ask for. OpenTelemetry is imported only where it is wanted."""

import asyncio
import logging

from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.model.errors import ConfigurationError
from prismiq.entrypoints.options import EngineOptions
from prismiq.ports.tracer import Tracer

_logger = logging.getLogger("prismiq.tracing")


_FLUSH_SECONDS = 2.0


def make_tracer(options: EngineOptions) -> Tracer:
    """Return the tracer of an engine.

    Raises:
        ConfigurationError: tracing is wanted and OpenTelemetry is not installed.
    """
    if options.tracing == "off":
        return NoTracing()
    try:
        from prismiq.adapters.opentelemetry.tracer import OpenTelemetryTracer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Tracing needs OpenTelemetry: pip install 'prismiq[otel]'."
        ) from error
    return OpenTelemetryTracer()


def export_spans(options: EngineOptions) -> None:
    """Send the spans of this process to a collector, as the variables ``OTEL_*`` say.

    For processes that are ours alone. Where tracing is off, or somebody has configured
    OpenTelemetry already, nothing happens.
    """
    if options.tracing == "off":
        return
    try:
        from prismiq.adapters.opentelemetry.exporting import export_by_otlp  # noqa: PLC0415
    except ModuleNotFoundError:
        _logger.warning("Nothing sends the spans anywhere: pip install 'prismiq[otlp]'.")
        return
    export_by_otlp()


async def flush_spans(options: EngineOptions) -> None:
    """Send the last spans, for a short time at most: a signal may end the process next."""
    if options.tracing == "off":
        return
    from prismiq.adapters.opentelemetry import flushing  # noqa: PLC0415

    await asyncio.to_thread(flushing.flush_spans, _FLUSH_SECONDS)
