"""The ready-made server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from prismiq.adapters.http.answer_response import CACHE_HEADERS
from prismiq.adapters.http.caller_scope import single_tenant
from prismiq.adapters.http.cancelled_requests import CancelledRequests
from prismiq.adapters.http.client_identity import ClientIdentity
from prismiq.adapters.http.current_client import CurrentClientMiddleware
from prismiq.adapters.http.direct_lane import DirectLane
from prismiq.adapters.http.limit_rules import LimitRule
from prismiq.adapters.http.problem_handlers import add_problem_handlers
from prismiq.adapters.http.query_endpoints import QueryEndpoints
from prismiq.adapters.http.query_router import EXECUTE_PATH
from prismiq.adapters.http.rate_limit_middleware import EXEMPT_PATHS, RateLimitMiddleware
from prismiq.adapters.http.request_id import REQUEST_ID_HEADER
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.http.tracing_middleware import TracingMiddleware
from prismiq.domain.rules.limit_headers import LIMIT_HEADERS
from prismiq.domain.services.client_limits import Limiter
from prismiq.entrypoints.caching import cache_for, close_cache
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.metering import report_outages
from prismiq.entrypoints.rate_limiter import RateLimiter
from prismiq.entrypoints.router import (
    create_health_router,
    create_metrics_router,
    query_endpoints,
    routes_of,
)
from prismiq.entrypoints.server_logging import logging_while_serving
from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.shared_rate_limiter import SharedRateLimiter
from prismiq.entrypoints.tracing import flush_spans

_DESCRIPTION = """
Ask a PostgreSQL database analytical questions in JSON.

- `GET /api/schema` says what there is to ask about.
- `POST /api/query/execute` answers. Its examples can be tried here.
- Errors are problem documents (RFC 9457): `detail` is a sentence for people, `code` is for
  programs, and `errors` lists every single problem of a query with its field and a suggestion.
- Every answer carries `X-Request-ID`; a sane one that you send is kept.
"""
_PREFIX = "/api"
_EXPOSED_HEADERS = (REQUEST_ID_HEADER, *CACHE_HEADERS, *LIMIT_HEADERS)
_EXEMPT_PATHS = EXEMPT_PATHS | {_PREFIX + path for path in EXEMPT_PATHS}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the server that the settings describe (None: the environment does).

    The database is connected to when the application starts, not here. The engine is
    ``app.state.engine``: add health checks to it, and tell it to drain before the end.

    Raises:
        ConfigurationError: a setting is missing or wrong.
    """
    settings = settings or Settings()
    cache = cache_for(settings)
    engine = PrismiqEngine.from_options(settings, cache=cache)
    limiter = _limiter(engine, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with logging_while_serving(settings, engine.metrics.log_lines_dropped):
            try:
                async with engine:
                    yield
            finally:
                await close_cache(cache)
                await flush_spans(settings)

    app = FastAPI(
        title="Prismiq",
        summary="Embedded analytics over PostgreSQL",
        description=_DESCRIPTION,
        version=version("prismiq"),
        lifespan=lifespan,
        redoc_url=None,
        # It would tell query strings and the texts of exceptions; see decision 14.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.engine = engine
    scope_of = single_tenant(engine.default_scope)
    endpoints = query_endpoints(engine, scope_of)
    router = routes_of(
        engine,
        endpoints,
        scope_of,
        max_body_bytes=settings.max_body_bytes,
        admin_token=settings.admin_token,
        limiters=() if limiter is None else (limiter,),
    )
    app.include_router(router, prefix=_PREFIX)
    # Probes and scrapers need no prefix. The document describes each route once.
    app.include_router(create_health_router(engine), include_in_schema=False)
    app.include_router(create_metrics_router(engine), include_in_schema=False)
    add_problem_handlers(app)
    _add_middleware(app, endpoints, limiter, settings)
    return app


def _limiter(engine: PrismiqEngine, settings: Settings) -> Limiter | None:
    if not settings.rate_limit_enabled:
        return None
    if engine.redis_connection is None:
        return RateLimiter(settings.rate_limits())
    report_outages(engine.redis_connection, "limits", engine.metrics)
    return SharedRateLimiter(
        settings.rate_limits(),
        engine.redis_connection,
        outage=settings.rate_limit_outage,
        replicas=settings.rate_limit_replicas,
    )


def _add_middleware(
    app: FastAPI, endpoints: QueryEndpoints, limiter: Limiter | None, settings: Settings
) -> None:
    """Add the middleware from the inside to the outside."""
    app.add_middleware(
        DirectLane,
        path=_PREFIX + EXECUTE_PATH,
        endpoints=endpoints,
        max_body_bytes=settings.max_body_bytes,
    )
    engine: PrismiqEngine = app.state.engine
    get_client_id = ClientIdentity(settings.trusted_proxies)
    if settings.queries_per_client is not None:
        app.add_middleware(CurrentClientMiddleware, get_client_id=get_client_id)
    if limiter is not None:
        app.add_middleware(
            RateLimitMiddleware,
            limiter=limiter,
            get_client_id=get_client_id,
            rules=[LimitRule(limiter, shadow=settings.rate_limit_shadow)],
            exempt=_EXEMPT_PATHS,
            observe=engine.metrics.limit_decided,
        )
    app.add_middleware(CancelledRequests, is_ending=lambda: engine.health.is_draining)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", REQUEST_ID_HEADER),
            expose_headers=_EXPOSED_HEADERS,
        )
    # It sees also what the others answer.
    client_ip = get_client_id.address if settings.trusted_proxies else None
    app.add_middleware(RequestLoggingMiddleware, metrics=engine.metrics, client_ip=client_ip)
    if settings.tracing != "off":
        app.add_middleware(TracingMiddleware, tracer=engine.tracer, untraced=_EXEMPT_PATHS)
