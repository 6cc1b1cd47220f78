"""What the query endpoints do."""

from typing import Annotated

from fastapi import Body, Query
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.bodies import ExecuteBody, ExecuteRequest, ValidationAnswer
from prismiq.adapters.http.caller_scope import ScopeOf, resolve_scope
from prismiq.adapters.http.disconnect import while_connected
from prismiq.adapters.http.known_bodies import KnownBodies
from prismiq.adapters.http.parameter_json import encode_sql
from prismiq.adapters.http.problems import sentence_of
from prismiq.adapters.http.query_examples import EXECUTE_EXAMPLES, QUERY_EXAMPLES
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.result_encoding import encode_result
from prismiq.domain.services.query_service import QueryService

QueryBody = Annotated[QueryDefinition, Body(openapi_examples=QUERY_EXAMPLES)]
ExecutionBody = Annotated[ExecuteBody, Body(openapi_examples=EXECUTE_EXAMPLES)]
RowLimit = Annotated[int, Query(ge=1, description="The most rows to answer with.")]

_JSON = "application/json"


class QueryEndpoints:
    """One method per endpoint; their docstrings are their documentation.

    Args:
        queries: answers the queries.
        scope_of: on whose behalf.
    """

    def __init__(self, queries: QueryService, scope_of: ScopeOf) -> None:
        self._queries = queries
        self._scope_of = scope_of
        self.known_bodies: KnownBodies[ExecuteRequest | QueryDefinition] = KnownBodies()

    async def execute(self, request: Request, body: ExecutionBody) -> Response:
        """Rows, column names and PostgreSQL's column types.

        The body is a query, or a query in an envelope. `truncated` says whether more rows follow.
        """
        # Equal bytes become the same query, which the service has prepared already.
        body = self.known_bodies.learn(await request.body(), body)
        query = body.query if isinstance(body, ExecuteRequest) else body
        scope = await self._scope(request)
        return _answer(await while_connected(request.receive, self._queries.execute(query, scope)))

    async def preview(self, request: Request, query: QueryBody, limit: RowLimit = 100) -> Response:
        """As `/query/execute`, with at most `limit` rows."""
        scope = await self._scope(request)
        work = self._queries.preview(query, limit, scope)
        return _answer(await while_connected(request.receive, work))

    async def validate(self, request: Request, query: QueryBody) -> Response:
        """All problems at once, as sentences. The status is 200 for an invalid query too."""
        result = await self._queries.validate(query, await self._scope(request))
        sentences = tuple(sentence_of(error) for error in result.errors)
        answer = ValidationAnswer(valid=result.valid, errors=sentences)
        return Response(answer.model_dump_json(), media_type=_JSON)

    async def validate_detailed(self, request: Request, query: QueryBody) -> Response:
        """All problems at once, with code, field and suggestion."""
        result = await self._queries.validate(query, await self._scope(request))
        return Response(result.model_dump_json(), media_type=_JSON)

    async def sql(self, request: Request, query: QueryBody) -> Response:
        """The statement as it would be sent; every value is a parameter. It does not run."""
        compiled = await self._queries.compile(query, await self._scope(request))
        return Response(encode_sql(compiled), media_type=_JSON)

    async def explain(self, request: Request, query: QueryBody) -> Response:
        """What PostgreSQL's planner expects. The query does not run."""
        scope = await self._scope(request)
        work = self._queries.explain(query, scope)
        estimate = await while_connected(request.receive, work)
        return Response(estimate.model_dump_json(), media_type=_JSON)

    async def _scope(self, request: Request) -> Scope:
        return await resolve_scope(self._scope_of, request)


def _answer(result: EncodedResult) -> Response:
    timing = {"Server-Timing": f"db;dur={result.execution_time_ms:.2f}"}
    return Response(encode_result(result), headers=timing, media_type=_JSON)
