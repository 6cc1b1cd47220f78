"""Metrics as a scraper reads them, written beside the event loop."""

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as OPENMETRICS_TYPE
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

_GZIP_LEVEL = 1
"""Text that repeats itself becomes a tenth already; more effort is hardly worth it."""


class MetricsExposition:
    """Writes all that a collector has, in a thread of its own.

    A few thousand lines take tens of milliseconds, for which no request must wait. Scrapers who
    come meanwhile get what is being written, so that any number of them costs one.

    Args:
        collector: has the metrics.
        refresh: brings gauges up to date before they are written, on the event loop.
    """

    def __init__(self, collector: Collector, refresh: Callable[[], None] | None = None) -> None:
        self._collector = collector
        self._refresh = refresh
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="prismiq-metrics")
        self._flights: dict[tuple[bool, bool], asyncio.Future[bytes]] = {}

    async def render(self, *, openmetrics: bool, gzipped: bool) -> tuple[bytes, str]:
        """Return the body and its content type.

        Args:
            openmetrics: OpenMetrics 1.0, which has exemplars, or the text format 0.0.4.
            gzipped: whether the body is compressed.
        """
        key = openmetrics, gzipped
        flight = self._flights.get(key)
        if flight is None:
            if self._refresh is not None:
                self._refresh()
            write = partial(self._write, openmetrics=openmetrics, gzipped=gzipped)
            flight = asyncio.get_running_loop().run_in_executor(self._executor, write)
            self._flights[key] = flight
            flight.add_done_callback(lambda _written: self._flights.pop(key))
        body = await asyncio.shield(flight)  # a scraper who leaves takes it from nobody else
        return body, OPENMETRICS_TYPE if openmetrics else CONTENT_TYPE_PLAIN_0_0_4

    def _write(self, *, openmetrics: bool, gzipped: bool) -> bytes:
        if openmetrics:
            body: bytes = generate_openmetrics(self._collector)  # type: ignore[no-untyped-call]
        else:
            body = generate_latest(self._collector)
        return gzip.compress(body, _GZIP_LEVEL, mtime=0) if gzipped else body
