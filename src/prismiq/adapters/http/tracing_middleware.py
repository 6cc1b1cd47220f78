"""Requests as part of a trace."""

from collections.abc import Collection, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prismiq.adapters.http.route_template import UNMATCHED, RouteTemplates
from prismiq.adapters.http.trace_context import SPAN_KEY
from prismiq.domain.model.trace import ArrivedRequest
from prismiq.ports.tracer import Tracer

_FAILED = 500
"""What someone outside of us answers where the application raises."""


class TracingMiddleware:
    """Opens a span around every request, as ASGI middleware.

    It belongs outside of everything that logs and counts: records of ``RequestLoggingMiddleware``
    carry the ids of the span, and exemplars lead to it.

    Args:
        app: the ASGI application inside.
        tracer: is told.
        untraced: paths that are asked by machines every few seconds, such as probes.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tracer: Tracer,
        untraced: Collection[str] = (),
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._templates = RouteTemplates(app)
        self._untraced = frozenset(untraced)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._untraced:
            await self._app(scope, receive, send)
            return
        status: int | None = None

        async def send_traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tracer.request(self._arrived(scope)) as span:
            scope[SPAN_KEY] = self._tracer.current()
            try:
                await self._app(scope, receive, send_traced)
            except Exception:
                status = status or _FAILED
                raise
            finally:
                if status is not None:
                    span.responded(status)

    def _arrived(self, scope: Scope) -> ArrivedRequest:
        route = self._templates.find(scope)
        return ArrivedRequest(
            method=scope["method"],
            route=None if route == UNMATCHED else route,
            path=scope["path"],
            scheme=scope.get("scheme", "http"),
            protocol_version=scope.get("http_version", "1.1"),
            headers=_joined(scope["headers"]),
        )


def _joined(raw_headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
