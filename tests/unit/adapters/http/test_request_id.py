"""Every request has one id, and no client can put anything dangerous into it."""

import re
from typing import Any

import pytest

from prismiq.adapters.http.request_id import add_request_id, request_id_of

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
