"""Requests as part of a trace."""

from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prismiq.domain.model.trace import ArrivedRequest
from prismiq.ports.tracer import Tracer


class TracingMiddleware:
    """Opens a span around every request, as ASGI middleware.

    It belongs outside of everything that logs and counts, so that these know the ids.

    Args:
        app: the ASGI application inside.
        tracer: is told.
        route_of: returns the full route template of a request that was answered, None where no
            route knows its path.
        untraced: paths that are asked by machines every few seconds, such as probes.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tracer: Tracer,
        route_of: Callable[[Scope], str | None],
        untraced: Collection[str] = (),
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._route_of = route_of
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

        with self._tracer.request(_arrived(scope)) as span:
            try:
                await self._app(scope, receive, send_traced)
            finally:
                if status is not None:
                    span.responded(self._route_of(scope), status)


def _arrived(scope: Scope) -> ArrivedRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return ArrivedRequest(
        method=scope["method"],
        path=scope["path"],
        scheme=scope.get("scheme", "http"),
        protocol_version=scope.get("http_version", "1.1"),
        headers=headers,
    )
