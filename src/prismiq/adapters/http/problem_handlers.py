"""Problem documents for what goes wrong outside of Prismiq's routes, in an application of ours."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.answering import respond_to_invalid_request
from prismiq.adapters.http.problems import respond_to_http_exception, respond_to_unexpected_error
from prismiq.adapters.http.request_id import add_request_id, request_id_of

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not know this method.",
}


def add_problem_handlers(app: FastAPI) -> None:
    """Answer unknown addresses, wrong methods, malformed requests and failures with problems."""
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_form)
    app.add_exception_handler(Exception, _apologise)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    detail = _SENTENCES.get(error.status_code, error.detail)
    plain = HTTPException(error.status_code, detail, error.headers)
    return respond_to_http_exception(plain, request_id_of(request.scope))


async def _refuse_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return respond_to_invalid_request(error, request_id_of(request.scope), {})


async def _apologise(request: Request, _error: Exception) -> Response:
    # The server logs the error. This answer is made outside of all middleware.
    request_id = request_id_of(request.scope)
    response = respond_to_unexpected_error(request_id)
    add_request_id(response.raw_headers, request_id)
    return response
