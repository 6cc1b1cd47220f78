"""How clients stand with their limits, for operators."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import SecretStr
from starlette.responses import Response

from prismiq.adapters.http.operators import operator_router
from prismiq.adapters.http.problem_docs import problem_responses
from prismiq.domain.model.limit_report import LimitReport
from prismiq.domain.rules.limit_reports import limit_report
from prismiq.domain.services.client_limits import ClientLimits

ClientName = Annotated[
    str,
    Path(
        min_length=1,
        description="As limiters name clients: an address, an IPv6 network, a key's hash.",
        examples=["ip:203.0.113.7", "ip:2001:db8::/64"],
    ),
]


def make_limits_router(clients: ClientLimits, token: SecretStr) -> APIRouter:
    """Return the routes under ``/limits``.

    A client's name may hold slashes, as IPv6 networks do, percent-encoded or not.

    Args:
        clients: knows how they stand.
        token: the operators'.
    """
    endpoints = _LimitsEndpoints(clients)
    router = operator_router(token, tags=["operators"])
    problems = problem_responses((422, 500, 503))
    router.add_api_route(
        "/limits/{client:path}",
        endpoints.peek,
        response_model=LimitReport,
        summary="How a client stands with its limits",
        responses=problems,
    )
    for path, method in (
        ("/limits/{client:path}/reset", "POST"),
        ("/limits/{client:path}", "DELETE"),
    ):
        router.add_api_route(
            path,
            endpoints.reset,
            methods=[method],
            status_code=204,
            summary="Forget what a client owes",
            responses=problems,
        )
    return router


class _LimitsEndpoints:
    def __init__(self, clients: ClientLimits) -> None:
        self._clients = clients

    async def peek(self, client: ClientName) -> Response:
        """Every window of every policy. Looking costs the client nothing."""
        report = limit_report(client, await self._clients.peek(client))
        return Response(report.model_dump_json(), media_type="application/json")

    async def reset(self, client: ClientName) -> Response:
        """Its windows are untouched again. Other processes may refuse it for a second more."""
        await self._clients.reset(client)
        return Response(status_code=204)
