"""Every request has one span: answered, failed, or left behind by its client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from prismiq.adapters.http.tracing_middleware import TracingMiddleware
from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.model.trace import ArrivedRequest
from prismiq.ports.tracer import RequestSpan

START: Message = {"type": "http.response.start", "status": 201, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}


class NotingTracer(NoTracing):
    """Notes what it is told of requests."""

    def __init__(self) -> None:
        self.arrived: list[ArrivedRequest] = []
        self.notes: list[object] = []

    @contextmanager
    def request(self, request: ArrivedRequest) -> Iterator[RequestSpan]:  # type: ignore[override]
        notes = self.notes

        class Noting(RequestSpan):
            def responded(self, route: str | None, status: int) -> None:
                notes.append((route, status))

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


async def ask(app: Any, scope: Scope) -> tuple[NotingTracer, list[Message]]:
    tracer, sent = NotingTracer(), []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = TracingMiddleware(
        app, tracer=tracer, route_of=lambda scope: scope.get("route"), untraced=["/health/live"]
    )
    try:
        await middleware(scope, receive, send)
    except (RuntimeError, asyncio.CancelledError) as error:
        tracer.notes.append(error)
    return tracer, sent


async def answers(scope: Scope, _: Receive, send: Send) -> None:
    scope["route"] = "/api/query/execute"  # a router knows it only when it has answered
    await send(START)
    await send(END)


async def test_a_request_is_told_without_its_query_string() -> None:
    tracer, sent = await ask(answers, a_scope())
    assert tracer.arrived == [
        ArrivedRequest(
            method="POST",
            path="/api/query/execute",
            scheme="https",
            protocol_version="1.1",
            headers={"tracestate": "a=1,b=2", "x": "\xff"},
        )
    ]
    assert tracer.notes == [("/api/query/execute", 201), "end"]
    assert sent == [START, END]


async def test_an_exception_after_the_first_byte_is_told_with_the_status() -> None:
    error = RuntimeError("broken")

    async def breaks(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(START)
        raise error

    tracer, _ = await ask(breaks, a_scope())
    assert tracer.notes == [(None, 201), "RuntimeError", error]


@pytest.mark.parametrize("error", [RuntimeError("broken"), asyncio.CancelledError()])
async def test_a_request_without_an_answer_has_no_status(error: BaseException) -> None:
    async def breaks(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    tracer, _ = await ask(breaks, a_scope())
    assert tracer.notes == [type(error).__name__, error]


@pytest.mark.parametrize("parts", [{"path": "/health/live"}, {"type": "lifespan"}])
async def test_probes_and_other_protocols_are_passed_on(parts: dict[str, str]) -> None:
    tracer, sent = await ask(answers, a_scope(**parts))
    assert (tracer.arrived, sent) == ([], [START, END])
