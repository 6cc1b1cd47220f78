"""What the query endpoints do."""

from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import Body, Query
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.answer_response import AnswerResponse, wants_fresh
from prismiq.adapters.http.bodies import ExecuteBody, ExecuteRequest, ValidationAnswer
from prismiq.adapters.http.caller_scope import ScopeOf, required_scope, resolve_scope
from prismiq.adapters.http.disconnect import while_connected
from prismiq.adapters.http.known_bodies import KnownBodies
from prismiq.adapters.http.problems import sentence_of
from prismiq.adapters.http.query_examples import EXECUTE_EXAMPLES, QUERY_EXAMPLES
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.value_json import encode_sql
from prismiq.domain.services.answer_cache import Answer
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_service import QueryService
from prismiq.ports.clock import Clock

QueryBody = Annotated[QueryDefinition, Body(openapi_examples=QUERY_EXAMPLES)]
ExecutionBody = Annotated[ExecuteBody, Body(openapi_examples=EXECUTE_EXAMPLES)]
RowLimit = Annotated[int, Query(ge=1, description="The most rows to answer with.")]

_JSON = "application/json"


class QueryEndpoints:
    """One method per endpoint; their docstrings are their documentation.

    Args:
        answers: answers queries.
        queries: checks, translates and estimates them.
        scope_of: on whose behalf.
        clock: tells how old an answer is.
    """

    def __init__(
        self, answers: QueryAnswers, queries: QueryService, scope_of: ScopeOf, clock: Clock
    ) -> None:
        self._answers = answers
        self._queries = queries
        self._scope_of = scope_of
        self._clock = clock
        self.known_bodies: KnownBodies[ExecuteRequest | QueryDefinition] = KnownBodies()

    async def execute(self, request: Request, body: ExecutionBody) -> Response:
        """Rows, column names and PostgreSQL's column types.

        The body is a query, or a query in an envelope. `truncated` says whether more rows follow.
        `X-Cache` says where the answer came from; `bypass_cache` in the envelope and the header
        `Cache-Control: no-cache` ask for one from the database itself.
        """
        # Equal bytes become the same query, which the services know already.
        body = self.known_bodies.learn(await request.body(), body)
        return await self.respond_to(request, body)

    async def respond_to(
        self, request: Request, body: ExecuteRequest | QueryDefinition
    ) -> Response:
        """As ``execute``, for a body that is known."""
        started = self._clock.monotonic()
        fresh = wants_fresh(request)
        if isinstance(body, ExecuteRequest):
            query, fresh = body.query, fresh or body.bypass_cache
        else:
            query = body
        scope = self._scope_of(request)
        if not isinstance(scope, Scope):
            scope = await required_scope(scope)
        # Nobody need be watched while nothing is waited for.
        if not fresh and (kept := self._answers.kept_answer(query, scope)) is not None:
            return self._response(kept, started)
        return await self._respond(request, self._answers.answer(query, scope, fresh=fresh))

    async def preview(self, request: Request, query: QueryBody, limit: RowLimit = 100) -> Response:
        """As `/query/execute`, with at most `limit` rows."""
        scope = await self._scope(request)
        fresh = wants_fresh(request)
        return await self._respond(request, self._answers.preview(query, limit, scope, fresh=fresh))

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

    async def _respond(self, request: Request, work: Coroutine[Any, Any, Answer]) -> Response:
        started = self._clock.monotonic()
        return self._response(await while_connected(request.receive, work), started)

    def _response(self, answer: Answer, started: float) -> Response:
        seconds = self._clock.monotonic() - started
        return AnswerResponse(answer, now=self._clock.unix_seconds(), seconds=seconds)
