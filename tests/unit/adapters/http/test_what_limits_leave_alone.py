"""What happens inside a limited application happens as if nobody limited it."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, WebSocket
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Message
from tests.unit.adapters.http.http_scope import http_scope

from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


class Call:
    """One request to an application, message by message."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self.client_leaves = asyncio.Event()
        self.task = asyncio.ensure_future(app(http_scope(path), self._receive, self._sent.put))

    async def next_message(self) -> Message:
        async with asyncio.timeout(20):
            return await self._sent.get()

    async def _receive(self) -> Message:
        await self.client_leaves.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def inner() -> FastAPI:
    return FastAPI()


@pytest.fixture(params=["alone", "watched"])
def limited(inner: FastAPI, clock: Any, request: pytest.FixtureRequest) -> ASGIApp:
    limiter = RateLimiter(RateLimitConfig(burst_limit=2), clock=clock)
    app: ASGIApp = RateLimitMiddleware(inner, limiter)
    return RequestLoggingMiddleware(app) if request.param == "watched" else app


async def test_a_background_task_keeps_nobody_waiting_and_runs_though_the_client_left(
    inner: FastAPI, limited: ASGIApp
) -> None:
    may_go_on, done = asyncio.Event(), list[str]()

    async def work() -> None:
        await may_go_on.wait()
        done.append(WHO.get())

    @inner.get("/")
    async def begin(tasks: BackgroundTasks) -> str:
        WHO.set("the endpoint")
        tasks.add_task(work)
        return "begun"

    call = Call(limited, "/")
    start = await call.next_message()
    assert dict(start["headers"])[b"x-ratelimit-remaining"] == b"1"
    body = await call.next_message()
    assert (body["body"], body.get("more_body", False)) == (b'"begun"', False)
    call.client_leaves.set()
    assert not done
    may_go_on.set()
    await call.task
    assert done == ["the endpoint"]


async def test_a_stream_arrives_piece_by_piece_and_ends_when_the_client_leaves(
    inner: FastAPI, limited: ASGIApp
) -> None:
    ended = asyncio.Event()

    @inner.get("/")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                ended.set()

        return StreamingResponse(pieces())

    call = Call(limited, "/")
    assert (await call.next_message())["type"] == "http.response.start"
    assert (await call.next_message())["body"] == b"first"
    call.task.cancel()  # as servers do where the connection is gone
    async with asyncio.timeout(20):
        await ended.wait()
    with pytest.raises(asyncio.CancelledError):
        await call.task


async def test_web_sockets_are_never_limited(inner: FastAPI, limited: ASGIApp) -> None:
    @inner.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/echo",
        "raw_path": b"/echo",
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("198.51.100.7", 4711),
        "server": ("test", 80),
        "subprotocols": [],
    }
    for number in range(5):
        told = iter(
            [
                {"type": "websocket.connect"},
                {"type": "websocket.receive", "text": f"message {number}"},
            ]
        )
        sent: list[Message] = []

        async def receive(told: Iterator[Message] = told) -> Message:
            return next(told)

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        await limited(dict(scope), receive, send)
        assert [message["type"] for message in sent] == [
            *("websocket.accept", "websocket.send", "websocket.close")
        ]
        assert sent[1]["text"] == f"message {number}"
