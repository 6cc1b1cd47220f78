"""Scrapers get one rendering between them, and nobody waits for it but they."""

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.registry import Collector

from prismiq.adapters.prometheus.exposition import MetricsExposition
from prismiq.adapters.prometheus.metrics import Metrics


class SlowCollector(Collector):
    """Collects when it may, and remembers in which threads."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.may_go_on = threading.Event()
        self.fails = False

    def collect(self) -> Iterator[Metric]:
        self.threads.append(threading.current_thread())
        assert self.may_go_on.wait(10)
        if self.fails:
            raise OSError("the directory has gone")
        metric = Metric("flights", "Flights.", "counter")
        metric.add_sample("flights_total", {}, len(self.threads))
        yield metric


@pytest.fixture
def slow() -> Iterator[SlowCollector]:
    collector = SlowCollector()
    yield collector
    collector.may_go_on.set()


async def plain(exposition: MetricsExposition) -> str:
    body, _ = await exposition.render(openmetrics=False, gzipped=False)
    return body.decode()


async def test_the_event_loop_goes_on_and_many_scrapes_cost_one(
    slow: SlowCollector, let_others_run: Callable[[], "asyncio.Future[None]"]
) -> None:
    refreshed: list[threading.Thread] = []
    exposition = MetricsExposition(slow, lambda: refreshed.append(threading.current_thread()))
    scrapes = [asyncio.create_task(plain(exposition)) for _ in range(100)]
    await let_others_run()  # which it could not if the rendering held it up
    assert not any(scrape.done() for scrape in scrapes)
    slow.may_go_on.set()
    texts = set(await asyncio.gather(*scrapes))
    assert texts == {
        "# HELP flights_total Flights.\n# TYPE flights_total counter\nflights_total 1.0\n"
    }
    assert len(slow.threads) == 1
    assert slow.threads[0] is not threading.main_thread()
    assert refreshed == [threading.current_thread()]
    assert "flights_total 2.0" in await plain(exposition)  # and it is not kept


async def test_a_scraper_who_leaves_takes_it_from_nobody(
    slow: SlowCollector, let_others_run: Callable[[], "asyncio.Future[None]"]
) -> None:
    exposition = MetricsExposition(slow)
    first, second = (asyncio.create_task(plain(exposition)) for _ in range(2))
    await let_others_run()
    first.cancel()
    await let_others_run()
    slow.may_go_on.set()
    assert "flights_total 1.0" in await second
    assert first.cancelled()


async def test_a_failure_is_told_and_forgotten(slow: SlowCollector) -> None:
    exposition = MetricsExposition(slow)
    slow.may_go_on.set()
    slow.fails = True
    with pytest.raises(OSError, match="has gone"):
        await plain(exposition)
    slow.fails = False
    assert "flights_total" in await plain(exposition)


async def test_both_forms_parse_and_say_what_they_are() -> None:
    metrics = Metrics()
    metrics.inc_counter("flights", carrier="UA")
    exposition = MetricsExposition(metrics)
    body, kind = await exposition.render(openmetrics=True, gzipped=False)
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = list(parse_openmetrics(body.decode()))  # type: ignore[no-untyped-call]
    assert [(f.name, f.samples[0].value) for f in families] == [("flights", 1)]
    zipped, kind = await exposition.render(openmetrics=False, gzipped=True)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    assert gzip.decompress(zipped).decode() == metrics.format_prometheus()
