"""A request, its answer and its statement are one trace, which tells no values."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import opentelemetry.trace
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from prismiq import Settings, create_app
from prismiq.adapters.http.request_context import request_fields
from prismiq.domain.model.observations import CacheTier

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
SECRET = "S3CRET-VALUE"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What the SDK was given, configured for this process as an application does it."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(opentelemetry.trace, "_TRACER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=dsn, tracing="otel"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


@pytest.fixture
async def client(flights_dsn: str, spans: InMemorySpanExporter) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(flights_dsn) as client:
        spans.clear()
        yield client


def a_query(**parts: object) -> dict[str, object]:
    return {
        "tables": [{"id": "f", "name": "flights"}],
        "columns": [{"table_id": "f", "column": "carrier"}],
        "limit": 3,
        **parts,
    }


def filtered(column: str, value: object) -> list[dict[str, object]]:
    return [{"table_id": "f", "column": column, "operator": "eq", "value": value}]


def one(spans: InMemorySpanExporter, kind: SpanKind) -> ReadableSpan:
    (span,) = [span for span in spans.get_finished_spans() if span.kind is kind]
    return span


async def test_a_statement_belongs_to_the_request_that_asked(
    client: httpx.AsyncClient, spans: InMemorySpanExporter
) -> None:
    query = a_query(filters=filtered("tailnum", SECRET))
    answer = await client.post(f"/api/query/execute?token={SECRET}", json=query, headers=CALLER)
    assert answer.status_code == 200

    request, statement = one(spans, SpanKind.SERVER), one(spans, SpanKind.CLIENT)
    assert request.name == "POST /api/query/execute"
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert statement.name == "SELECT public.flights"
    by_id = {span.context.span_id: span for span in spans.get_finished_spans()}
    above = statement
    while above.parent is not None and above.parent.span_id in by_id:
        above = by_id[above.parent.span_id]
    assert above is request
    told = "".join(span.to_json() for span in by_id.values())
    assert {f"{span.context.trace_id:032x}" for span in by_id.values()} == {TRACE}
    for inside in (SECRET, "tailnum", "CAST(", "postgresql://", "prismiq_reader"):
        assert inside not in told


async def test_an_answer_says_where_it_came_from(
    client: httpx.AsyncClient, spans: InMemorySpanExporter
) -> None:
    first = await client.post("/api/query/execute", json=a_query())
    missed, statement = one(spans, SpanKind.INTERNAL), one(spans, SpanKind.CLIENT)
    spans.clear()
    second = await client.post("/api/query/execute", json=a_query())
    hit, request = spans.get_finished_spans()
    assert [answer.headers["x-cache"] for answer in (first, second)] == ["MISS", "HIT"]
    told = [dict(span.attributes or {}) for span in (missed, hit)]
    assert [attributes["prismiq.cache.outcome"] for attributes in told] == ["MISS", "HIT"]
    assert told[0]["prismiq.cache.key"] == told[1]["prismiq.cache.key"]
    assert told[1]["prismiq.cache.tier"] in set(CacheTier)
    assert "prismiq.cache.tier" not in told[0]
    assert (statement.parent, hit.parent) == (missed.context, request.context)


async def test_a_statement_that_fails_is_told_by_its_code(
    database: str, connection: Any, spans: InMemorySpanExporter
) -> None:
    await connection.execute("CREATE TABLE n AS SELECT 0 AS zero")
    await connection.execute("CREATE VIEW flights AS SELECT 1 / zero AS carrier FROM n")
    async with connected(database) as client:
        spans.clear()
        answer = await client.post("/api/query/execute", json=a_query())
    assert answer.status_code == 400
    statement, request = one(spans, SpanKind.CLIENT), one(spans, SpanKind.SERVER)
    assert statement.attributes is not None
    assert statement.attributes["error.type"] == answer.json()["code"]
    assert statement.status.status_code is StatusCode.ERROR
    assert statement.status.description is None
    assert request.status.status_code is StatusCode.UNSET
    assert all("division by" not in span.to_json() for span in spans.get_finished_spans())


async def test_probes_and_documentation_are_not_traced(
    client: httpx.AsyncClient, spans: InMemorySpanExporter
) -> None:
    await client.get("/openapi.json")
    await client.get("/health/live")
    await client.get("/metrics")
    await client.get("/api/metrics")
    assert spans.get_finished_spans() == ()
    await client.get("/api/tables/flights")
    assert one(spans, SpanKind.SERVER).name == "GET /api/tables/{table}"


async def test_the_duration_of_a_request_leads_to_its_trace(
    client: httpx.AsyncClient,
) -> None:
    await client.get("/api/tables", headers=CALLER)
    shown = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    buckets = [line for line in shown.text.splitlines() if "duration_seconds_bucket" in line]
    ours = [line for line in buckets if 'endpoint="/api/tables"' in line]
    assert any(f'# {{trace_id="{TRACE}"}}' in line for line in ours)


async def test_the_record_of_a_request_names_its_span(
    client: httpx.AsyncClient, spans: InMemorySpanExporter
) -> None:
    seen: list[dict[str, str]] = []
    handler = logging.Handler()
    handler.emit = lambda _record: seen.append(dict(request_fields()))  # type: ignore[method-assign, assignment]
    logger = logging.getLogger("prismiq.http.requests")
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        await client.get("/api/tables", headers=CALLER)
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
    (fields,) = seen
    span = one(spans, SpanKind.SERVER)
    assert fields["trace_id"] == TRACE
    assert fields["span_id"] == f"{span.context.span_id:016x}"
