"""Sending what is still to be sent before a process ends."""

from threading import Thread

from opentelemetry.trace import get_tracer_provider


def flush_spans(seconds: float) -> None:
    """Send the spans that wait for their batch, whoever configured the provider.

    Args:
        seconds: to wait at most; a collector that is away must not hold up the end.
    """
    flush = getattr(get_tracer_provider(), "force_flush", None)  # the API has no such method
    if flush is None:
        return
    flushing = Thread(target=flush, daemon=True)
    flushing.start()
    flushing.join(seconds)
