"""Counting, and showing what was counted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from bench.case import Case, Servers
from bench.turns import Round, in_turns, rates
from bench.verdict import Verdict
from prismiq.adapters.prometheus.exposition import MetricsExposition
from prismiq.adapters.prometheus.families import QUERIES, QUERY_DURATION
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.metrics_sink import PrometheusMetricsSink
from prismiq.domain.model.observations import QueryOutcome

_UPDATES = 100_000
_LINES = 4_000


class Update:
    """A query: one counter by status, and one histogram of thirteen buckets."""

    what = "counter and histogram update"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        registry = CollectorRegistry()
        counter = Counter(QUERIES.name, QUERIES.help, QUERIES.labels, registry=registry)
        histogram = Histogram(
            QUERY_DURATION.name,
            QUERY_DURATION.help,
            buckets=QUERY_DURATION.buckets,
            registry=registry,
        )
        bound = counter.labels("success")
        sink = PrometheusMetricsSink(Metrics())

        def peer() -> None:
            bound.inc()
            histogram.observe(12.0)

        def ours() -> None:
            sink.query_finished(QueryOutcome.SUCCESS, 0.012)

        found = await rates({"ours": _repeated(ours), "peer": _repeated(peer)}, time.process_time)
        return [
            Verdict.of(
                self.what,
                floor_name="prometheus_client, bound",
                unit="µs",
                ours=[1e6 / rate for rate in found["ours"]],
                floor=[1e6 / rate for rate in found["peer"]],
                target=1.5,
                at_least=False,
            )
        ]


class Scrape:
    """The longest time that the event loop stands still while 4,000 lines are written."""

    what = "event loop held up by a scrape"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        metrics = Metrics()
        for number in range(_LINES // 20):
            metrics.observe_histogram("load_ms", 3.0, table=str(number))
        for number in range(200):
            metrics.inc_counter("seen", who=str(number))
        exposition = MetricsExposition(metrics)

        async def in_a_thread() -> None:
            await exposition.render(openmetrics=False, gzipped=False)

        async def on_the_loop() -> None:
            generate_latest(metrics)

        stalls = {"ours": in_a_thread, "floor": on_the_loop}
        found = await in_turns(
            {name: partial(_longest_stall, scrape) for name, scrape in stalls.items()}
        )
        return [
            Verdict.of(
                self.what,
                floor_name="written on the loop",
                unit="ms",
                ours=found["ours"],
                floor=found["floor"],
                target=0.75,
                at_least=False,
            )
        ]


def _repeated(update: Callable[[], None]) -> Round:
    async def run() -> int:
        for _ in range(_UPDATES):
            update()
        return _UPDATES

    return run


async def _longest_stall(scrape: Callable[[], Awaitable[None]]) -> float:
    """Return milliseconds."""
    longest = 0.0
    is_over = False

    async def watch() -> None:
        nonlocal longest
        before = time.perf_counter()
        while not is_over:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest = max(longest, now - before)
            before = now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await scrape()
    is_over = True
    await watching
    return longest * 1000


CASES: Sequence[Case] = (Update(), Scrape())
