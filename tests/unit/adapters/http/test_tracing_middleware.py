"""Every request has one span: answered, failed, or left behind by its client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import Message, Receive, Scope, Send

from prismiq.adapters.http.request_context import request_fields
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.http.tracing_middleware import TracingMiddleware
from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.model.trace import ArrivedRequest, TraceIds
from prismiq.ports.tracer import RequestSpan

START: Message = {"type": "http.response.start", "status": 201, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}


class NotingTracer(NoTracing):
    """Notes what it is told of requests."""

    def __init__(self) -> None:
        self.arrived: list[ArrivedRequest] = []
        self.notes: list[object] = []
        self.ids: TraceIds | None = None

    def current(self) -> TraceIds | None:
        return self.ids

    @contextmanager
    def request(self, request: ArrivedRequest) -> Iterator[RequestSpan]:  # type: ignore[override]
        notes = self.notes

        class Noting(RequestSpan):
            def responded(self, status: int) -> None:
                notes.append(status)

        self.arrived.append(request)
        try:
            yield Noting()
        except BaseException as error:
            notes.append(type(error).__name__)
            raise
        notes.append("end")


def a_scope(**parts: Any) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": "/api/query/execute",
        "query_string": b"token=S3CRET",
        "http_version": "1.1",
        "scheme": "https",
        "headers": [(b"tracestate", b"a=1"), (b"x", b"\xff"), (b"tracestate", b"b=2")],
        **parts,
    }


async def ask(
    app: Any, scope: Scope, tracer: NotingTracer | None = None
) -> tuple[NotingTracer, list[Message]]:
    tracer, sent = tracer or NotingTracer(), []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = TracingMiddleware(app, tracer=tracer, untraced=["/health/live"])
    try:
        await middleware(scope, receive, send)
    except (RuntimeError, asyncio.CancelledError) as error:
        tracer.notes.append(error)
    return tracer, sent


async def answers(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send(START)
    await send(END)


async def test_a_request_is_told_without_its_query_string() -> None:
    tracer, sent = await ask(answers, a_scope())
    assert tracer.arrived == [
        ArrivedRequest(
            method="POST",
            route=None,
            path="/api/query/execute",
            scheme="https",
            protocol_version="1.1",
            headers={"tracestate": "a=1,b=2", "x": "\xff"},
        )
    ]
    assert tracer.notes == [201, "end"]
    assert sent == [START, END]


async def test_a_route_is_named_by_its_full_template_before_it_answers() -> None:
    async def table(_request: Request) -> Response:
        return Response()

    inner = Router([Route("/tables/{table}", table)])
    app = Starlette(routes=[Mount("/api", inner)])
    tracer, _ = await ask(app, a_scope(method="GET", path="/api/tables/flights"))
    assert [(request.route, request.path) for request in tracer.arrived] == [
        ("/api/tables/{table}", "/api/tables/flights")
    ]


async def test_an_exception_after_the_first_byte_is_told_with_the_status() -> None:
    error = RuntimeError("broken")

    async def breaks(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(START)
        raise error

    tracer, _ = await ask(breaks, a_scope())
    assert tracer.notes == [201, "RuntimeError", error]


async def test_an_exception_before_the_first_byte_becomes_a_500() -> None:
    error = RuntimeError("broken")

    async def breaks(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    tracer, _ = await ask(breaks, a_scope())
    assert tracer.notes == [500, "RuntimeError", error]


async def test_a_request_that_is_cancelled_has_no_status() -> None:
    error = asyncio.CancelledError()

    async def is_cancelled(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    tracer, _ = await ask(is_cancelled, a_scope())
    assert tracer.notes == ["CancelledError", error]


@pytest.mark.parametrize("parts", [{"path": "/health/live"}, {"type": "lifespan"}])
async def test_probes_and_other_protocols_are_passed_on(parts: dict[str, str]) -> None:
    tracer, sent = await ask(answers, a_scope(**parts))
    assert (tracer.arrived, sent) == ([], [START, END])


async def test_records_of_a_traced_request_carry_the_ids_of_its_span() -> None:
    ids = TraceIds("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
    tracer = NotingTracer()
    tracer.ids = ids
    seen: list[dict[str, str]] = []

    async def inside(_scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(dict(request_fields()))
        await send(START)
        await send(END)

    logging_middleware = RequestLoggingMiddleware(inside)
    caller = (b"traceparent", b"00-00000000000000000000000000000001-0000000000000001-01")
    scope = a_scope(headers=[caller, (b"x-request-id", b"r-1")], client=None)
    await ask(logging_middleware, scope, tracer)
    assert seen == [{"request_id": "r-1", "trace_id": ids.trace_id, "span_id": ids.span_id}]
