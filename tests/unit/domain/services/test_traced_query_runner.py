"""Every statement has its span, whatever becomes of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.model.errors import QueryTimeoutError
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.traced_query_runner import TracedQueryRunner
from prismiq.ports.tracer import QuerySpan

QUERY = CompiledQuery("SELECT …", ("S3CRET",), 1, ("public.flights",))


class NotingTracer(NoTracing):
    """Notes what it is told of statements."""

    def __init__(self) -> None:
        self.notes: list[object] = []

    @contextmanager
    def query(self, tables: Sequence[str]) -> Iterator[QuerySpan]:  # type: ignore[override]
        notes = self.notes

        class Noting(QuerySpan):
            def returned(self, rows: int) -> None:
                notes.append(rows)

        notes.append(tuple(tables))
        try:
            yield Noting()
        except QueryTimeoutError:
            notes.append("timeout")
            raise


async def test_the_span_of_a_query_says_how_many_rows_came(runner: Any) -> None:
    tracer = NotingTracer()
    batch = await TracedQueryRunner(runner, tracer).run(QUERY, scope=Scope(), limit=7)
    assert batch is runner.batch
    assert runner.calls == [(QUERY, Scope(), 7)]
    assert tracer.notes == [("public.flights",), 2]


async def test_an_estimate_has_a_span_too(runner: Any) -> None:
    tracer = NotingTracer()
    estimate = await TracedQueryRunner(runner, tracer).estimate(QUERY, scope=Scope())
    assert estimate.estimated_rows == 7
    assert tracer.notes == [("public.flights",)]


async def test_a_failure_leaves_through_the_span(runner: Any) -> None:
    runner.error = QueryTimeoutError(1)
    tracer = NotingTracer()
    traced = TracedQueryRunner(runner, tracer)
    with pytest.raises(QueryTimeoutError):
        await traced.run(QUERY, scope=Scope(), limit=7)
    with pytest.raises(QueryTimeoutError):
        await traced.estimate(QUERY, scope=Scope())
    assert tracer.notes == [("public.flights",), "timeout"] * 2
