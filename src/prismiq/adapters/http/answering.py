"""From a request to an answer, whatever happens on the way."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from prismiq.adapters.http.disconnect import ClientGoneError
from prismiq.adapters.http.exchange import CLIENT_CLOSED_REQUEST, exchange_of
from prismiq.adapters.http.field_problems import FieldNames, describe
from prismiq.adapters.http.problems import (
    MAX_LISTED,
    problem_response,
    respond_to_http_exception,
    respond_to_prismiq_error,
    respond_to_unexpected_error,
    status_of,
    summary_of,
)
from prismiq.adapters.http.request_id import add_request_id, request_id_of
from prismiq.domain.model.errors import PrismiqError

Handle: TypeAlias = Callable[[Request], Awaitable[Response]]

_logger = logging.getLogger("prismiq.http")


async def answer(request: Request, handle: Handle, names: FieldNames) -> Response:
    """Return what ``handle`` answers, or the problem document for what it raises.

    Args:
        request: the request; the answer carries its id.
        handle: answers it.
        names: the fields of its body, for suggestions.

    Raises:
        Exception: of a kind that the application around us handles itself.
    """
    request_id = request_id_of(request.scope)
    try:
        response = await handle(request)
    except Exception as error:  # noqa: BLE001 - this is where all of them end
        response = _respond(error, request, request_id, names)
    if exchange_of(request.scope) is None:  # which adds the id to whatever is sent
        add_request_id(response.raw_headers, request_id)
    return response


def respond_to_invalid_request(
    error: RequestValidationError, request_id: str, names: FieldNames
) -> Response:
    """Return the problem document for a request that does not have the right form."""
    problems = describe(error.errors(), names, MAX_LISTED)
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
            return Response(status_code=CLIENT_CLOSED_REQUEST)
    if _application_handles(error, request):
        raise error
    _logger.error("request %s failed unexpectedly", request_id, exc_info=error)
    return respond_to_unexpected_error(request_id)


def _application_handles(error: Exception, request: Request) -> bool:
    """Whether the application around us has a handler for just this kind of error.

    Such errors come from the integrator's own code: dependencies of the router, the scope.
    """
    handlers: dict[Any, Any] = getattr(request.scope.get("app"), "exception_handlers", {})
    return any(kind in handlers for kind in type(error).__mro__ if kind is not Exception)
