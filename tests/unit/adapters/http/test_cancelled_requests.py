"""A request that the server cancels as it ends is answered; no other cancellation is touched."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from prismiq.adapters.http.cancelled_requests import CancelledRequests

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "headers": [(b"x-request-id", b"abc")],
}


class Waiting:
    """An application that waits for ever, perhaps amid an answer."""

    def __init__(self, *, begins: bool) -> None:
        self.begins = begins
        self.is_waiting = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        self.is_waiting.set()
        await asyncio.Event().wait()


async def cancelled(
    *, begins: bool, is_ending: Callable[[], bool], kind: str = "http"
) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    waiting = Waiting(begins=begins)
    app = CancelledRequests(waiting, is_ending=is_ending)
    task = asyncio.create_task(app({**SCOPE, "type": kind}, None, send))  # type: ignore[arg-type]
    await waiting.is_waiting.wait()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        sent.append({"type": "cancelled"})
    return sent


async def test_who_waited_in_vain_is_told_to_ask_again() -> None:
    start, body = await cancelled(begins=False, is_ending=lambda: True)
    headers = dict(start["headers"])
    document = json.loads(body["body"])
    assert (start["status"], document["code"]) == (503, "server_ending")
    assert (headers[b"retry-after"], headers[b"connection"]) == (b"1", b"close")
    assert document["request_id"] == "abc"


@pytest.mark.parametrize(
    ("begins", "ends", "kind"),
    [(True, True, "http"), (False, False, "http"), (False, True, "lifespan")],
)
async def test_everything_else_stays_cancelled(begins: bool, ends: bool, kind: str) -> None:
    sent = await cancelled(begins=begins, is_ending=lambda: ends, kind=kind)
    assert [message["type"] for message in sent] == [
        *(["http.response.start"] if begins else []),
        "cancelled",
    ]


async def test_answers_pass() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app = CancelledRequests(PlainTextResponse("well"), is_ending=lambda: True)
    await app(SCOPE, None, send)  # type: ignore[arg-type]
    assert [message.get("status") for message in sent] == [200, None]
