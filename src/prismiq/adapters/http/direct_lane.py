"""A shortcut past the framework for the route that is asked most.

Routing, dependencies and exit stacks of FastAPI cost about as much as asking the database
for twenty rows. An application that puts no dependencies on our routes can do without them. The
routes stay where they are, for the documentation and for whatever does not take the shortcut.
"""

from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from prismiq.adapters.http.answering import answer
from prismiq.adapters.http.bodies import ExecuteBody
from prismiq.adapters.http.field_problems import field_names
from prismiq.adapters.http.json_request import JsonRequest
from prismiq.adapters.http.query_endpoints import QueryEndpoints

_BODY: TypeAdapter[Any] = TypeAdapter(ExecuteBody)
_NAMES = field_names(ExecuteBody)


class DirectLane:
    """Answers queries itself and passes everything else on, as ASGI middleware.

    Args:
        app: the ASGI application inside.
        path: of the route that executes queries.
        endpoints: what that route does.
        max_body_bytes: the longest body that is read.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str,
        endpoints: QueryEndpoints,
        max_body_bytes: int,
    ) -> None:
        self._app = app
        self._path = path
        self._endpoints = endpoints
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path and scope["method"] == "POST":
            request = JsonRequest(scope, receive, self._max_body_bytes)
            response = await answer(request, self._execute, _NAMES)
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _execute(self, request: Request) -> Response:
        assert isinstance(request, JsonRequest)  # noqa: S101 - made above
        content = await request.json_body()
        known = self._endpoints.known_bodies
        body = known.find(content) or known.learn(content, await _validated(request))
        return await self._endpoints.respond_to(request, body)


async def _validated(request: JsonRequest) -> Any:
    document = await request.json()
    try:
        return _BODY.validate_python(document)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        located = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        raise RequestValidationError(located) from None
