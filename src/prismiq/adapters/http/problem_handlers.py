"""Problem documents for what goes wrong outside of Prismiq's routes, in an application of ours."""

import logging

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prismiq.adapters.http.problem_route import respond_to_invalid_request
from prismiq.adapters.http.problems import respond_to_http_exception, respond_to_unexpected_error
from prismiq.adapters.http.request_id import request_id_of

_logger = logging.getLogger("prismiq.http")
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not know this method.",
}


def add_problem_handlers(app: FastAPI) -> None:
    """Answer unknown addresses, wrong methods and malformed requests with problem documents."""

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        plain = HTTPException(
            error.status_code, _SENTENCES.get(error.status_code, error.detail), error.headers
        )
        return respond_to_http_exception(plain, request_id_of(request.scope))

    async def refuse_form(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
        return respond_to_invalid_request(error, request_id_of(request.scope), {})

    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(RequestValidationError, refuse_form)


class ProblemMiddleware:
    """Turns what nobody caught into a problem document, within the application's middleware.

    Starlette's own last resort is outside of it: its answers lack CORS headers and request id.

    Args:
        app: the ASGI application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def watched_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception:
            if has_begun:
                raise
            request_id = request_id_of(scope)
            _logger.exception("request %s failed unexpectedly", request_id)
            await respond_to_unexpected_error(request_id)(scope, receive, send)
