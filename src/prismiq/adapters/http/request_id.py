"""One id per request, in every answer and in what is logged about it."""

import re
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER = "X-Request-ID"

_RAW_HEADER = REQUEST_ID_HEADER.lower().encode()
_SCOPE_KEY = "prismiq.request_id"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_id_of(scope: Scope) -> str:
    """Return the id of the request, which is decided once and kept in its ASGI scope.

    The client's ``X-Request-ID`` is kept when it is up to 128 letters, digits, dots, dashes and
    underscores; anything else is replaced, so that it cannot forge log lines or headers.
    """
    known: str | None = scope.get(_SCOPE_KEY)
    if known is None:
        offered = dict(scope["headers"]).get(_RAW_HEADER, b"").decode("latin-1")
        known = offered if _SANE.fullmatch(offered) else token_hex(16)
        scope[_SCOPE_KEY] = known
    return known


def add_request_id(headers: list[tuple[bytes, bytes]], request_id: str) -> None:
    """Add the id to raw response headers, unless it is there already."""
    if not any(name == _RAW_HEADER for name, _ in headers):
        headers.append((_RAW_HEADER, request_id.encode("ascii")))


class RequestIdMiddleware:
    """Gives every answer of an application its ``X-Request-ID``, whoever made it.

    Args:
        app: the ASGI application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = list(message.get("headers", ()))
                add_request_id(message["headers"], request_id)
            await send(message)

        await self._app(scope, receive, send_with_id)
