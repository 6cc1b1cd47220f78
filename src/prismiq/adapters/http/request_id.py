"""One id per request, in every answer and in what is logged about it."""

import re
from random import getrandbits

from starlette.types import Scope

REQUEST_ID_HEADER = "X-Request-ID"
RAW_REQUEST_ID_HEADER = REQUEST_ID_HEADER.lower().encode()

_SCOPE_KEY = "prismiq.request_id"
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,128}")


def request_id_of(scope: Scope) -> str:
    """Return the id of the request, which is decided once and kept in its ASGI scope.

    The client's ``X-Request-ID`` is kept when it is up to 128 letters, digits, dots, dashes and
    underscores; anything else is replaced, so that it cannot forge log lines or headers.
    """
    known: str | None = scope.get(_SCOPE_KEY)
    if known is None:
        known = decide_request_id(scope, dict(scope["headers"]).get(RAW_REQUEST_ID_HEADER))
    return known


def fresh_id() -> str:
    """Return an id that no other request has. It is no secret, so no system call is needed."""
    return f"{getrandbits(128):032x}"


def decide_request_id(scope: Scope, offered: bytes | None) -> str:
    """Keep the id that the client offers, or a fresh one, in the ASGI scope; return it."""
    is_sane = offered is not None and _SANE.fullmatch(offered)
    decided = offered.decode("ascii") if offered is not None and is_sane else fresh_id()
    scope[_SCOPE_KEY] = decided
    return decided


def add_request_id(headers: list[tuple[bytes, bytes]], request_id: str) -> None:
    """Add the id to raw response headers, unless it is there already."""
    if not any(name == RAW_REQUEST_ID_HEADER for name, _ in headers):
        headers.append((RAW_REQUEST_ID_HEADER, request_id.encode("ascii")))
