"""What limits, logs and metrics together cost around a request."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import Response
from starlette.routing import Route

from bench.case import Case, Servers
from bench.logs import logging_to_a_file
from bench.turns import Round, rates
from bench.verdict import Verdict
from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.metrics_sink import PrometheusMetricsSink
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter
from prismiq.entrypoints.structured_logging import LoggingSetup

_REQUESTS = 2_000


class WholeStack:
    """What limits, logs to a file and metrics add to a request together."""

    what = "limits + logs + metrics"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        sink = PrometheusMetricsSink(Metrics())
        generous = RateLimitConfig(
            requests_per_minute=10**6, requests_per_hour=10**7, burst_limit=10**5
        )
        with logging_to_a_file() as setup:
            limited = RateLimitMiddleware(_application(), RateLimiter(generous))
            found = await rates(
                {
                    "bare": _requests(_application()),
                    "ours": _requests(RequestLoggingMiddleware(limited, metrics=sink), setup),
                    "no-op": _requests(BaseHTTPMiddleware(_application(), _pass_on)),
                },
                time.process_time,
            )
        return [
            Verdict.of(
                self.what,
                floor_name="one no-op BaseHTTPMiddleware",
                unit="µs added",
                ours=_added(found["ours"], found["bare"]),
                floor=_added(found["no-op"], found["bare"]),
                target=1 / 3,
                at_least=False,
            )
        ]


def _added(rates: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Return the microseconds that each round took more."""
    return [1e6 / rate - 1e6 / floor for rate, floor in zip(rates, bare, strict=True)]


async def _answer(_request: Any) -> Response:
    return Response(b"{}", media_type="application/json")


def _application() -> Starlette:
    return Starlette(routes=[Route("/api/query/execute", _answer, methods=["POST"])])


async def _pass_on(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
    return await call_next(request)


def _requests(application: Any, setup: LoggingSetup | None = None) -> Round:
    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(_message: Any) -> None:
        """Take it."""

    names = ("host", "user-agent", "accept", "content-type", "content-length")
    headers = [(name.encode(), b"1") for name in names]

    async def run() -> int:
        for _ in range(_REQUESTS):
            scope = {
                "type": "http",
                "method": "POST",
                "path": "/api/query/execute",
                "root_path": "",
                "query_string": b"",
                "headers": headers,
                "client": ("127.0.0.1", 1),
            }
            await application(scope, receive, send)
        if setup is not None:
            setup.flush()
        return _REQUESTS

    return run


CASES: Sequence[Case] = (WholeStack(),)
