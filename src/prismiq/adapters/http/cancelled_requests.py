"""An answer for requests that a server cancels because it is about to end."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from prismiq.adapters.http.exchange import Exchange, exchange_of
from prismiq.adapters.http.problems import problem_response
from prismiq.adapters.http.request_id import request_id_of

_HEADERS = {"Retry-After": "1", "Connection": "close"}


class CancelledRequests:
    """Pure ASGI: who waited in vain gets a problem document, which says that asking again helps.

    Servers cancel what takes too long when they end, and answer that with an error of their own,
    or not at all.

    Args:
        app: the ASGI application inside.
        is_ending: tells whether the process is about to end; other cancellations pass.
    """

    def __init__(self, app: ASGIApp, *, is_ending: Callable[[], bool]) -> None:
        self._app = app
        self._is_ending = is_ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = exchange_of(scope)
        if exchange is None:
            exchange = Exchange(receive, send, request_id_of(scope), _nobody_cares)
            receive, send = exchange.receive, exchange.send
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if exchange.sent_status is not None or not self._is_ending():
                raise
            response = problem_response(
                503,
                "server_ending",
                "The server ends and could not wait for the answer. Ask again: another one"
                " will take over.",
                request_id_of(scope),
                headers=_HEADERS,
            )
            await response(scope, receive, send)


def _nobody_cares(_exchange: Exchange) -> None:
    """Take no notice of the end."""
