"""The route class of all Prismiq routers: bounded bodies, and problems for all that goes wrong.

It works inside any application, whose own exception handlers stay as they are.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.answering import answer
from prismiq.adapters.http.field_problems import field_names
from prismiq.adapters.http.json_request import DEFAULT_MAX_BODY_BYTES, JsonRequest


class ProblemRoute(APIRoute):
    """Reads bodies within bounds, answers errors as problems, and names every request."""

    max_body_bytes = DEFAULT_MAX_BODY_BYTES

    def admit(self, request: Request) -> None:
        """Look at a request before anything of it is read; what this raises refuses it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        has_body = self.body_field is not None
        names = field_names(self.body_field.field_info.annotation) if self.body_field else {}

        async def handle_bounded(request: Request) -> Response:
            self.admit(request)
            bounded = JsonRequest(request.scope, request.receive, self.max_body_bytes)
            if has_body:
                await bounded.json_body()
            return await handle(bounded)

        async def respond(request: Request) -> Response:
            return await answer(request, handle_bounded, names)

        return respond


def problem_route(max_body_bytes: int) -> type[ProblemRoute]:
    """Return the route class for bodies of at most so many bytes."""
    return type("ProblemRoute", (ProblemRoute,), {"max_body_bytes": max_body_bytes})
