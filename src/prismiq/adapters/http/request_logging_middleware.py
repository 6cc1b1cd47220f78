"""The one place that sees every request begin and end: ids, context, log and metrics."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from prismiq.adapters.http.exchange import SCOPE_KEY, Exchange
from prismiq.adapters.http.request_context import enter_request, leave_request
from prismiq.adapters.http.request_id import RAW_REQUEST_ID_HEADER, decide_request_id
from prismiq.adapters.http.request_log import ClientIpOf, log_end, log_start, peer_address
from prismiq.adapters.http.route_template import RouteTemplates, bounded_method
from prismiq.adapters.http.trace_context import SPAN_KEY, trace_id_of
from prismiq.domain.model.trace import TraceIds
from prismiq.ports.metrics_sink import MetricsSink

_TRACEPARENT = b"traceparent"


class RequestLoggingMiddleware:
    """Pure ASGI: gives each request an id and a context, and ends it in exactly one record.

    The id is the client's ``X-Request-ID`` if that is sane, else a fresh one; the answer carries
    it, and so does everything that is logged during the request, in tasks it starts too, if the
    lines are made by ``StructuredFormatter`` or after ``setup_logging``. A ``traceparent`` adds
    ``trace_id``.

    The record "Request completed" comes with the last byte, before tasks that run in the
    background, with ``method``, ``route`` (the full template, ``_unmatched`` for none), ``path``,
    ``status_code``, ``duration_ms``, ``bytes``, ``client_ip`` and ``cache`` (the answer's
    ``X-Cache``). The status is 500 where the application raised or broke its answer off, 499 where
    the client left, 503 where the server cut the request off; ``sent_status`` tells what the client
    was sent in spite of that. "Request started" is of level DEBUG.

    Add it outside of all other middleware. WebSockets pass untouched, and so do requests that
    another of these middlewares sees already.

    Args:
        app: the ASGI application inside.
        metrics: is told of the same requests.
        client_ip: names the client in the records; None takes the address of the peer.
        monotonic: returns seconds; for tests.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: MetricsSink | None = None,
        client_ip: ClientIpOf | None = None,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.app = app
        self._metrics = metrics
        self._client_ip_of = client_ip or peer_address
        self._monotonic = monotonic
        self._templates = RouteTemplates(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or SCOPE_KEY in scope:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = decide_request_id(scope, headers.get(RAW_REQUEST_ID_HEADER))
        fields = {"request_id": request_id}
        span: TraceIds | None = scope.get(SPAN_KEY)
        if span is not None:
            fields["trace_id"], fields["span_id"] = span.trace_id, span.span_id
        elif (traceparent := headers.get(_TRACEPARENT)) is not None:
            trace_id = trace_id_of(traceparent)
            if trace_id is not None:
                fields["trace_id"] = trace_id
        token = enter_request(fields)
        exchange = self._begin(scope, receive, send, request_id)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except BaseException as error:
            exchange.application_raised(error)
            # The context stays: the server logs the error in this task, and its record belongs
            # to the request too. The server's task ends then, or enters the next request.
            raise
        finally:
            # Else each would hold on to the other until the garbage collector comes by, which
            # costs every request a tenth of its time.
            scope.pop(SCOPE_KEY, None)
        exchange.application_returned()
        leave_request(token)

    def _begin(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> Exchange:
        method = bounded_method(scope["method"])
        route = self._templates.find(scope)
        started = self._monotonic()
        metrics, client_ip_of = self._metrics, self._client_ip_of

        def ended(exchange: Exchange) -> None:
            seconds = self._monotonic() - started
            if metrics is not None:
                metrics.request_finished(method, route, exchange.status, seconds)
            log_end(
                scope,
                exchange,
                method=method,
                route=route,
                seconds=seconds,
                client_ip_of=client_ip_of,
            )

        if metrics is not None:
            metrics.request_started(method, route)
        log_start(scope, client_ip_of)
        exchange = Exchange(receive, send, request_id, ended)
        scope[SCOPE_KEY] = exchange
        return exchange
