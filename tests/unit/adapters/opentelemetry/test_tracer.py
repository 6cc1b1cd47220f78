"""Spans have the names, kinds and attributes of the semantic conventions, and no secrets."""

import asyncio
from collections.abc import Mapping

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.contracts.tracer import TracerContract

from prismiq.adapters.opentelemetry.tracer import OpenTelemetryTracer
from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.errors import QueryTimeoutError
from prismiq.domain.model.observations import CacheTier
from prismiq.domain.model.trace import ArrivedRequest, TraceIds

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def arrived(
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    route: str | None = "/api/tables/{table}",
) -> ArrivedRequest:
    return ArrivedRequest(method, route, "/api/tables/flights", "https", "2", headers or {})


def only(finished: InMemorySpanExporter) -> ReadableSpan:
    (span,) = finished.get_finished_spans()
    return span


def parent_of(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


class TestOpenTelemetryTracer(TracerContract):
    """With the tracer of conftest.py."""


def test_a_request(tracer: OpenTelemetryTracer, finished: InMemorySpanExporter) -> None:
    with tracer.request(arrived()) as span:
        span.responded(200)
    told = only(finished)
    assert (told.name, told.kind) == ("POST /api/tables/{table}", SpanKind.SERVER)
    assert dict(told.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/api/tables/{table}",
        "http.response.status_code": 200,
        "url.scheme": "https",
        "url.path": "/api/tables/flights",
        "network.protocol.version": "2",
    }
    assert told.status.status_code is StatusCode.UNSET
    assert told.instrumentation_scope is not None
    assert told.instrumentation_scope.name == "prismiq"


def test_a_request_that_no_route_knows_is_named_by_its_method_alone(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.request(arrived("GET", route=None)) as span:
        span.responded(404)
    told = only(finished)
    assert told.name == "GET"
    assert "http.route" not in (told.attributes or {})
    assert told.status.status_code is StatusCode.UNSET


def test_a_method_that_is_made_up_makes_no_new_name(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.request(arrived("FUZZ123")) as span:
        span.responded(405)
    told = only(finished)
    assert told.name == "HTTP /api/tables/{table}"
    assert told.attributes is not None
    assert told.attributes["http.request.method"] == "_OTHER"
    assert told.attributes["http.request.method_original"] == "FUZZ123"


def test_a_request_is_a_child_of_what_its_headers_name(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.request(arrived(headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})):
        here = tracer.current()
    told = only(finished)
    assert told.context is not None
    assert parent_of(told) == PARENT
    assert here == TraceIds(TRACE, f"{told.context.span_id:016x}", sampled=True)


def test_a_caller_that_does_not_sample_is_followed(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.request(arrived(headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})) as span:
        here = tracer.current()
        span.responded(200)
    assert here is not None
    assert (here.trace_id, here.sampled) == (TRACE, False)
    assert finished.get_finished_spans() == ()


@pytest.mark.parametrize("status", [500, 503, 504])
def test_what_the_server_cannot_do_is_an_error(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter, status: int
) -> None:
    with tracer.request(arrived()) as span:
        span.responded(status)
    told = only(finished)
    assert told.attributes is not None
    assert told.attributes["error.type"] == str(status)
    assert told.status.status_code is StatusCode.ERROR


def test_an_answer_says_where_it_came_from(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.answer("0123abcd") as span:
        span.answered(CacheOutcome.HIT, CacheTier.SHARED)
    told = only(finished)
    assert (told.name, told.kind) == ("answer", SpanKind.INTERNAL)
    assert dict(told.attributes or {}) == {
        "prismiq.cache.key": "0123abcd",
        "prismiq.cache.outcome": "HIT",
        "prismiq.cache.tier": "shared",
    }


def test_a_query_names_its_table(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.query(["public.flights"]) as span:
        span.returned(16)
    told = only(finished)
    assert (told.name, told.kind) == ("SELECT public.flights", SpanKind.CLIENT)
    assert dict(told.attributes or {}) == {
        "db.system.name": "postgresql",
        "db.operation.name": "SELECT",
        "db.query.summary": "SELECT public.flights",
        "db.collection.name": "public.flights",
        "db.response.returned_rows": 16,
    }


def test_a_query_over_several_tables_names_them_in_its_summary(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.query(["public.airlines", "public.flights"]):
        pass
    told = only(finished)
    assert told.name == "SELECT public.airlines public.flights"
    assert "db.collection.name" not in (told.attributes or {})


def test_a_summary_ends_with_a_whole_name(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    tables = [f"public.{'x' * 60}{number}" for number in range(9)]
    with tracer.query(tables):
        pass
    assert only(finished).name == f"SELECT {' '.join(tables[:3])}"


def test_operations_are_children_of_what_they_lie_in(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    with tracer.request(arrived()), tracer.answer("0"), tracer.query(["public.flights"]):
        pass
    query, answer, request = finished.get_finished_spans()
    assert (request.parent, parent_of(answer)) == (None, f"{request.context.span_id:016x}")
    assert parent_of(query) == f"{answer.context.span_id:016x}"
    assert len({span.context.trace_id for span in (query, answer, request)}) == 1


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (QueryTimeoutError(30), "query_timeout", StatusCode.ERROR),
        (RuntimeError("S3CRET in 'SELECT 1'"), "RuntimeError", StatusCode.ERROR),
        (asyncio.CancelledError("S3CRET"), "cancelled", StatusCode.UNSET),
    ],
    ids=["ours", "unexpected", "the caller left"],
)
def test_a_failure_is_told_by_its_kind_and_never_by_its_text(
    tracer: OpenTelemetryTracer,
    finished: InMemorySpanExporter,
    error: BaseException,
    kind: str,
    status: StatusCode,
) -> None:
    with pytest.raises(type(error)), tracer.query(["public.flights"]):
        raise error
    told = only(finished)
    assert told.attributes is not None
    assert told.attributes["error.type"] == kind
    assert (told.status.status_code, told.status.description) == (status, None)
    assert told.events == ()
    assert "S3CRET" not in told.to_json()


def test_tasks_side_by_side_do_not_become_one_anothers_children(
    tracer: OpenTelemetryTracer, finished: InMemorySpanExporter
) -> None:
    async def asked(table: str, begun: asyncio.Barrier) -> None:
        with tracer.request(arrived()):
            await begun.wait()
            with tracer.query([table]):
                await begun.wait()

    async def both() -> None:
        begun = asyncio.Barrier(2)
        await asyncio.gather(asked("a", begun), asked("b", begun))

    asyncio.run(both())
    spans = finished.get_finished_spans()
    requests = {f"{s.context.span_id:016x}" for s in spans if s.kind is SpanKind.SERVER}
    queries = [span for span in spans if span.kind is SpanKind.CLIENT]
    assert {parent_of(span) for span in queries} == requests
    assert len(requests) == 2
