"""What every metrics sink promises, and every event that there is."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.observations import (
    CacheTier,
    CacheUsage,
    LimitOutcome,
    PoolUsage,
    QueryOutcome,
)
from prismiq.ports.metrics_sink import MetricsSink

Event = Callable[[MetricsSink], None]

EVENTS: dict[str, Event] = {
    "request_started": lambda sink: sink.request_started("GET", "/api/tables"),
    "request_finished": lambda sink: sink.request_finished("GET", "/api/tables", 200, 0.02),
    "query_finished": lambda sink: sink.query_finished(QueryOutcome.SUCCESS, 0.02),
    "answer_given": lambda sink: sink.answer_given(CacheOutcome.HIT, CacheTier.MEMORY),
    "entry_missed": lambda sink: sink.entry_missed(MissReason.ABSENT),
    "flight_joined": lambda sink: sink.flight_joined(),
    "tables_invalidated": lambda sink: sink.tables_invalidated(3),
    "cache_write_failed": lambda sink: sink.cache_write_failed(),
    "store_changed": lambda sink: sink.store_changed("cache", available=False),
    "change_feed_changed": lambda sink: sink.change_feed_changed(connected=True),
    "limit_decided": lambda sink: sink.limit_decided("default", LimitOutcome.DENIED),
    "log_lines_dropped": lambda sink: sink.log_lines_dropped(2),
    "pool_measured": lambda sink: sink.pool_measured(
        PoolUsage(size=5, idle=2, waiting=1, max_size=10)
    ),
    "cache_measured": lambda sink: sink.cache_measured(CacheUsage(used_bytes=1024, entries=7)),
}

_NONSENSE: list[Any] = [None, '\ud800\n"}{', -1, float("nan"), b"\xff", object()]


class MetricsSinkContract:
    """Subclasses give a ``sink``."""

    @pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
    def test_every_event_can_be_told_again_and_again(self, sink: MetricsSink, event: Event) -> None:
        for _ in range(3):
            event(sink)

    @pytest.mark.parametrize("nonsense", _NONSENSE, ids=repr)
    @pytest.mark.parametrize("name", EVENTS)
    def test_no_event_raises_whatever_it_is_told(
        self, sink: MetricsSink, name: str, nonsense: Any
    ) -> None:
        method = getattr(sink, name)
        parameters = inspect.signature(method).parameters.values()
        positional = [nonsense for p in parameters if p.kind is not p.KEYWORD_ONLY]
        named = {p.name: nonsense for p in parameters if p.kind is p.KEYWORD_ONLY}
        method(*positional, **named)
