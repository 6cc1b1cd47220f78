"""The cache, for operators."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.caller_scope import ScopeOf, resolve_scope
from prismiq.adapters.http.operators import operator_router
from prismiq.adapters.http.problem_docs import QUERY_PROBLEMS, problem_responses
from prismiq.adapters.http.query_examples import QUERY_EXAMPLES
from prismiq.domain.model.cache_report import CacheExplanation, CacheStats
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.strict_model import StrictModel
from prismiq.domain.services.query_cache import QueryCache

QueryBody = Annotated[QueryDefinition, Body(openapi_examples=QUERY_EXAMPLES)]

_JSON = "application/json"


class InvalidateRequest(StrictModel):
    """Which answers are to be forgotten."""

    table: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="`table` or `schema.table`; null: everything.",
        examples=["flights"],
    )


class InvalidateAnswer(StrictModel):
    """How many answers were made unreachable, at most."""

    invalidated: int


def make_cache_router(cache: QueryCache, scope_of: ScopeOf, token: SecretStr) -> APIRouter:
    """Return the routes with which operators look into the cache and empty it.

    Args:
        cache: what they work on.
        scope_of: on whose behalf a query is explained.
        token: what requests must carry.
    """
    endpoints = _CacheEndpoints(cache, scope_of)
    router = operator_router(token, tags=["cache"])
    router.add_api_route(
        "/cache/invalidate",
        endpoints.invalidate,
        methods=["POST"],
        response_model=InvalidateAnswer,
        summary="Forget answers",
    )
    router.add_api_route(
        "/cache/stats", endpoints.stats, response_model=CacheStats, summary="What the cache does"
    )
    router.add_api_route(
        "/query/cache/explain",
        endpoints.explain,
        methods=["POST"],
        response_model=CacheExplanation,
        summary="What the cache knows of a query",
        responses=problem_responses(QUERY_PROBLEMS),
    )
    return router


class _CacheEndpoints:
    def __init__(self, cache: QueryCache, scope_of: ScopeOf) -> None:
        self._cache = cache
        self._scope_of = scope_of

    async def invalidate(self, body: InvalidateRequest) -> Response:
        """Answers that depend on the table are computed anew, in all processes and for everybody.

        A view is invalidated by its own name or by that of a table it reads.
        """
        if body.table is None:
            count = await self._cache.invalidate_all()
        else:
            count = await self._cache.invalidate_table(body.table)
        return Response(InvalidateAnswer(invalidated=count).model_dump_json(), media_type=_JSON)

    async def stats(self) -> Response:
        """Counts of the process that answers, since it started."""
        return Response(self._cache.stats().model_dump_json(), media_type=_JSON)

    async def explain(self, request: Request, query: QueryBody) -> Response:
        """Key, tables, age and versions, and why the cache would miss. The query does not run."""
        scope = await resolve_scope(self._scope_of, request)
        explanation = await self._cache.explain(query, scope=scope)
        return Response(explanation.model_dump_json(), media_type=_JSON)
