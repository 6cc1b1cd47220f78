"""Every request has one id, and no client can put anything dangerous into it."""

import re
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from prismiq.adapters.http.request_id import (
    RequestIdMiddleware,
    add_request_id,
    request_id_of,
)

FRESH = re.compile(r"[0-9a-f]{32}")


def scope_with(*values: bytes) -> dict[str, Any]:
    return {"type": "http", "headers": [(b"x-request-id", value) for value in values]}


@pytest.mark.parametrize("offered", [b"a", b"7f3a-4B_c.d", b"x" * 128])
def test_a_sane_id_is_kept(offered: bytes) -> None:
    assert request_id_of(scope_with(offered)) == offered.decode()


@pytest.mark.parametrize(
    "offered",
    [
        b"",
        b"x" * 129,
        b"two words",
        b"a\nb",
        b"a\r\nSet-Cookie: x",
        b'{"a":1}',
        "ü".encode(),
        b"a\x00",
    ],
)
def test_any_other_is_replaced(offered: bytes) -> None:
    assert FRESH.fullmatch(request_id_of(scope_with(offered)))


def test_without_one_it_is_fresh_and_different_each_time() -> None:
    ids = {request_id_of(scope_with()) for _ in range(100)}
    assert len(ids) == 100
    assert all(FRESH.fullmatch(request_id) for request_id in ids)


def test_it_stays_the_same_within_a_request() -> None:
    scope = scope_with()
    assert request_id_of(scope) == request_id_of(scope)


def test_it_is_added_once() -> None:
    headers: list[tuple[bytes, bytes]] = []
    add_request_id(headers, "first")
    add_request_id(headers, "second")
    assert headers == [(b"x-request-id", b"first")]


async def test_the_middleware_adds_it_to_any_answer() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody reads")

    await RequestIdMiddleware(PlainTextResponse("hello"))(scope_with(b"abc"), receive, send)
    assert (b"x-request-id", b"abc") in sent[0]["headers"]
    assert sent[1]["body"] == b"hello"


async def test_the_middleware_leaves_other_protocols_alone() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        return None

    await RequestIdMiddleware(app)({"type": "lifespan"}, nothing, nothing)
    assert seen == [{"type": "lifespan"}]
