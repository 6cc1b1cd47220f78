"""What is done for a request is done for its client."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, WebSocket
from starlette.types import Message

from prismiq.adapters.http.current_client import CurrentClientMiddleware
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.current_client import client_of


def by_header(request: Request) -> str:
    return request.headers["x-name"]


async def by_header_later(request: Request) -> str:
    return request.headers["x-name"]


@pytest.mark.parametrize("named", [by_header, by_header_later])
async def test_the_endpoint_works_for_the_client_and_nobody_after_it(named: Any) -> None:
    app = FastAPI()

    @app.get("/")
    async def who() -> str | None:
        return client_of(Scope())

    transport = httpx.ASGITransport(app=CurrentClientMiddleware(app, named))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for name in ("a", "b"):
            assert (await client.get("/", headers={"X-Name": name})).json() == name
    assert client_of(Scope()) is None


async def test_websockets_pass_untouched() -> None:
    app = FastAPI()
    greeted = []

    @app.websocket("/")
    async def greet(socket: WebSocket) -> None:
        await socket.accept()
        greeted.append(client_of(Scope()))
        await socket.close()

    async def connect() -> Message:
        return {"type": "websocket.connect"}

    async def ignore(_message: Message) -> None:
        pass

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
    await CurrentClientMiddleware(app, by_header)(scope, connect, ignore)
    assert greeted == [None]
