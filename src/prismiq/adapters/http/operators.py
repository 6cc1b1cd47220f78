"""Routes for those who run the server, not for those who use it."""

from enum import Enum
from hmac import compare_digest

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer
from pydantic import SecretStr
from starlette.requests import Request

from prismiq.adapters.http.problem_docs import problem_responses
from prismiq.adapters.http.problem_route import ProblemRoute
from prismiq.adapters.http.problems import RequestProblem

_CHALLENGE = 'Bearer realm="operators"'

_bearer_token = HTTPBearer(
    scheme_name="operators",
    description="The token that the server was given as `PRISMIQ_ADMIN_TOKEN`.",
    auto_error=False,  # for the documentation: the route has decided by then
)


class OperatorRoute(ProblemRoute):
    """Answers requests that carry the operators' token, and refuses others before it reads them."""

    token: SecretStr

    def admit(self, request: Request) -> None:
        """Refuse who does not send the token; how long it takes to compare tells nothing."""
        scheme, _, offered = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not offered:
            raise RequestProblem(
                401,
                "operators_only",
                "This address is for operators: send 'Authorization: Bearer' and their token.",
                headers={"WWW-Authenticate": _CHALLENGE},
            )
        if not compare_digest(offered.strip().encode(), self.token.get_secret_value().encode()):
            raise RequestProblem(
                401,
                "wrong_token",
                "This is not the operators' token.",
                headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
            )


def operator_router(token: SecretStr, *, tags: list[str | Enum]) -> APIRouter:
    """Return a router whose routes are for operators alone.

    Where no token is set there must be no such router: its addresses then answer 404.

    Args:
        token: what requests must carry as ``Authorization: Bearer``.
        tags: of the routes in the documentation.
    """
    route_class = type("OperatorRoute", (OperatorRoute,), {"token": token})
    return APIRouter(
        route_class=route_class,
        dependencies=[Depends(_bearer_token)],
        tags=tags,
        responses=problem_responses((401,)),
    )
