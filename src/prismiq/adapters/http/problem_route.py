"""The route class of all Prismiq routers: whatever goes wrong becomes a problem document.

It works inside any application, whose own exception handlers stay as they are.
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from prismiq.adapters.http.disconnect import ClientGoneError
from prismiq.adapters.http.field_problems import FieldNames, describe, field_names
from prismiq.adapters.http.json_request import DEFAULT_MAX_BODY_BYTES, JsonRequest
from prismiq.adapters.http.problems import (
    problem_response,
    respond_to_http_exception,
    respond_to_prismiq_error,
    respond_to_unexpected_error,
    status_of,
    summary_of,
)
from prismiq.adapters.http.request_id import add_request_id, request_id_of
from prismiq.domain.model.errors import PrismiqError

_CLIENT_CLOSED_REQUEST = 499
"""Nobody reads this answer; access logs know the number."""

_logger = logging.getLogger("prismiq.http")


class ProblemRoute(APIRoute):
    """Reads bodies within bounds, answers errors as problems, and names every request."""

    max_body_bytes = DEFAULT_MAX_BODY_BYTES

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        has_body = self.body_field is not None
        names = field_names(self.body_field.field_info.annotation) if self.body_field else {}

        async def answer(request: Request) -> Response:
            request_id = request_id_of(request.scope)
            bounded = JsonRequest(request.scope, request.receive, self.max_body_bytes)
            try:
                if has_body:
                    bounded.require_json()
                response = await handle(bounded)
            except Exception as error:  # noqa: BLE001 - this is where all of them end
                response = _respond(error, request, request_id, names)
            add_request_id(response.raw_headers, request_id)
            return response

        return answer


def problem_route(max_body_bytes: int) -> type[ProblemRoute]:
    """Return the route class for bodies of at most so many bytes."""
    return type("ProblemRoute", (ProblemRoute,), {"max_body_bytes": max_body_bytes})


def respond_to_invalid_request(
    error: RequestValidationError, request_id: str, names: FieldNames
) -> Response:
    """Return the problem document for a request that does not have the right form."""
    problems = describe(error.errors(), names)
    return problem_response(
        422, "invalid_request", summary_of(problems), request_id, errors=problems
    )


def _respond(error: Exception, request: Request, request_id: str, names: FieldNames) -> Response:
    match error:
        case PrismiqError():
            if status_of(error) == 500:
                _logger.error("request %s failed: %s", request_id, error, exc_info=error)
            return respond_to_prismiq_error(error, request_id)
        case RequestValidationError():
            return respond_to_invalid_request(error, request_id, names)
        case HTTPException():
            return respond_to_http_exception(error, request_id)
        case ClientGoneError() | ClientDisconnect():
            return Response(status_code=_CLIENT_CLOSED_REQUEST)
    if _application_handles(error, request):
        raise error
    _logger.error("request %s failed unexpectedly", request_id, exc_info=error)
    return respond_to_unexpected_error(request_id)


def _application_handles(error: Exception, request: Request) -> bool:
    """Whether the application around us has a handler for just this kind of error.

    Such errors come from the integrator's own code: dependencies of the router, the scope.
    """
    handlers: dict[Any, Callable[..., Awaitable[Response]]] = getattr(
        request.scope.get("app"), "exception_handlers", {}
    )
    return any(kind in handlers for kind in type(error).__mro__ if kind is not Exception)
