"""The routes of one engine, for the application of an integrator."""

from collections.abc import Iterable

from fastapi import APIRouter
from pydantic import SecretStr

from prismiq.adapters.http.cache_router import make_cache_router
from prismiq.adapters.http.caller_scope import ScopeOf, single_tenant
from prismiq.adapters.http.health_router import make_health_router
from prismiq.adapters.http.json_request import DEFAULT_MAX_BODY_BYTES
from prismiq.adapters.http.limits_router import make_limits_router
from prismiq.adapters.http.metrics_router import make_metrics_router
from prismiq.adapters.http.query_endpoints import QueryEndpoints
from prismiq.adapters.http.query_router import make_query_router
from prismiq.adapters.http.schema_router import make_schema_router
from prismiq.domain.services.client_limits import ClientLimits, Limiter
from prismiq.entrypoints.engine import PrismiqEngine


def create_router(
    engine: PrismiqEngine,
    *,
    scope: ScopeOf | None = None,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    admin_token: str | SecretStr | None = None,
    limiters: Iterable[Limiter] = (),
) -> APIRouter:
    """Return the routes of an engine, which may be started before or after.

    Errors are answered as problem documents whatever handlers the application has.

    Args:
        engine: answers the requests.
        scope: turns a request into the scope it is made for, also asynchronously. It runs after
            the dependencies of the router, and what it raises refuses the request. None: every
            request is made for the single default tenant; no header is believed.
        max_body_bytes: the longest body that is read; a longer one is answered with 413.
        admin_token: what requests of operators must carry; None: there are no routes for them.
        limiters: of the application, so that operators can see and reset clients.
    """
    scope_of = scope or single_tenant(engine.default_scope)
    endpoints = query_endpoints(engine, scope_of)
    return routes_of(
        engine,
        endpoints,
        scope_of,
        max_body_bytes=max_body_bytes,
        admin_token=admin_token,
        limiters=limiters,
    )


def query_endpoints(engine: PrismiqEngine, scope_of: ScopeOf) -> QueryEndpoints:
    """Return what the query routes do."""
    return QueryEndpoints(engine.answers, engine.queries, scope_of, engine.clock)


def routes_of(
    engine: PrismiqEngine,
    endpoints: QueryEndpoints,
    scope_of: ScopeOf,
    *,
    max_body_bytes: int,
    admin_token: str | SecretStr | None,
    limiters: Iterable[Limiter],
) -> APIRouter:
    """Return the routes of an engine around endpoints that somebody else uses too."""
    queries = make_query_router(endpoints, max_body_bytes=max_body_bytes)
    schema = make_schema_router(engine.catalog, engine.sampler, scope_of)
    health = create_health_router(engine)
    metrics = create_metrics_router(engine)
    # One flat router: each level would be searched anew for each request, in order. The routes
    # that are asked most come first.
    routes = [*queries.routes, *schema.routes, *health.routes, *metrics.routes]
    if admin_token is not None:
        token = SecretStr(admin_token) if isinstance(admin_token, str) else admin_token
        routes += make_limits_router(ClientLimits(limiters), token).routes
        if engine.query_cache is not None:
            routes += make_cache_router(engine.query_cache, scope_of, token).routes
    return APIRouter(routes=routes)


def create_metrics_router(engine: PrismiqEngine) -> APIRouter:
    """Return only the route ``/metrics``, which ``create_router`` has too.

    For where the others need a login, or have a prefix that scrapers should not need. It has no
    route where the engine counts nothing.
    """
    exposition = engine.exposition
    return APIRouter() if exposition is None else make_metrics_router(exposition.render)


def create_health_router(engine: PrismiqEngine) -> APIRouter:
    """Return only the routes under ``/health``, which ``create_router`` has too.

    For where the others need a login, or have a prefix that probes should not need.
    """
    return make_health_router(engine.health)
