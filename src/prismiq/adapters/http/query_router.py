"""The query endpoints."""

from typing import Any

from fastapi import APIRouter

from prismiq.adapters.http.bodies import QueryAnswer, ValidationAnswer
from prismiq.adapters.http.json_request import DEFAULT_MAX_BODY_BYTES
from prismiq.adapters.http.problem_docs import QUERY_PROBLEMS, problem_responses
from prismiq.adapters.http.problem_route import problem_route
from prismiq.adapters.http.query_endpoints import QueryEndpoints
from prismiq.adapters.http.query_examples import ANSWER_EXAMPLE
from prismiq.domain.model.result import CompiledSql, PlanEstimate
from prismiq.domain.model.validation import ValidationResult

EXECUTE_PATH = "/query/execute"


def make_query_router(
    endpoints: QueryEndpoints, *, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
) -> APIRouter:
    """Return the routes under ``/query``.

    Args:
        endpoints: what they do.
        max_body_bytes: the longest body that is read.
    """
    router = APIRouter(route_class=problem_route(max_body_bytes), tags=["queries"])

    def add(path: str, endpoint: Any, model: Any, summary: str) -> None:
        responses = problem_responses(QUERY_PROBLEMS)
        if model is QueryAnswer:
            responses[200] = {"content": {"application/json": {"example": ANSWER_EXAMPLE}}}
        router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_model=model,
            summary=summary,
            responses=responses,
        )

    add(EXECUTE_PATH, endpoints.execute, QueryAnswer, "Answer a query")
    add("/query/preview", endpoints.preview, QueryAnswer, "Answer a query with a few rows")
    add("/query/validate", endpoints.validate, ValidationAnswer, "Check a query")
    add(
        "/query/validate/detailed", endpoints.validate_detailed, ValidationResult, "Find all faults"
    )
    add("/query/sql", endpoints.sql, CompiledSql, "Show the statement of a query")
    add("/query/explain", endpoints.explain, PlanEstimate, "Estimate what a query costs")
    return router
