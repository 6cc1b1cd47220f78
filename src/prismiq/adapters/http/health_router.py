"""The health endpoints, for load balancers, orchestrators and people."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prismiq.adapters.http.problem_docs import problem_responses
from prismiq.adapters.http.problem_route import ProblemRoute
from prismiq.adapters.http.problems import problem_response
from prismiq.adapters.http.request_id import request_id_of
from prismiq.domain.model.health import UNHEALTHY, HealthStatus
from prismiq.domain.model.strict_model import StrictModel
from prismiq.domain.model.validation import FieldProblem
from prismiq.domain.services.health_service import HealthService

HEALTH_PATHS = ("/health", "/health/live", "/health/ready", "/health/startup")

_NO_STORE = {"Cache-Control": "no-store"}
_SENTENCES = {
    "draining": "The server is about to end.",
    "not_started": "The engine has not started.",
    "timeout": "It did not answer in time.",
    "unreachable": "It cannot be reached.",
}


class ProbeAnswer(StrictModel):
    """What a probe is told when all is well."""

    status: str = "ok"


def make_health_router(health: HealthService) -> APIRouter:
    """Return the routes under ``/health``. They need no login and tell no secrets.

    Args:
        health: knows how the engine is.
    """
    endpoints = _HealthEndpoints(health)
    router = APIRouter(route_class=ProblemRoute, tags=["health"])

    def add(path: str, endpoint: Any, model: Any, summary: str, responses: Any) -> None:
        router.add_api_route(
            path, endpoint, response_model=model, summary=summary, responses=responses
        )
        # Some load balancers ask with HEAD.
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)

    unready = problem_responses((503,))
    unhealthy = {503: {"model": HealthStatus, "description": "A critical check is not well."}}
    overview, live, ready, startup = HEALTH_PATHS
    add(overview, endpoints.overview, HealthStatus, "How the server is", unhealthy)
    add(live, endpoints.live, ProbeAnswer, "Whether the process lives", None)
    add(ready, endpoints.ready, ProbeAnswer, "Whether to send requests here", unready)
    add(startup, endpoints.startup, ProbeAnswer, "Whether it has started", unready)
    return router


class _HealthEndpoints:
    def __init__(self, health: HealthService) -> None:
        self._health = health

    async def overview(self) -> Response:
        """All checks. `degraded` answers 200 too: the server does its work."""
        found = await self._health.status()
        status = 503 if found.status == UNHEALTHY else 200
        return Response(
            found.model_dump_json(),
            status,
            headers=_NO_STORE,
            media_type="application/json",
        )

    async def live(self) -> Response:
        """Asks nobody: a process whose database is away needs no restart."""
        return _well()

    async def ready(self, request: Request) -> Response:
        """503 while a critical check is unhealthy, and as soon as the server is told to end."""
        obstacles = await self._health.obstacles()
        return _unready(request, "not_ready", "not ready", obstacles) if obstacles else _well()

    async def startup(self, request: Request) -> Response:
        """503 until the engine has connected and read the schema once. Asks nobody."""
        if self._health.has_started:
            return _well()
        return _unready(request, "starting", "not started yet", {})


def _well() -> Response:
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


def _unready(request: Request, code: str, words: str, obstacles: Mapping[str, str]) -> Response:
    problems = [
        FieldProblem(code=reason, message=_SENTENCES.get(reason, "The check failed."), field=name)
        for name, reason in obstacles.items()
    ]
    reasons = ", ".join(f"{name} {reason}" for name, reason in obstacles.items())
    detail = f"The server is {words}{f': {reasons}' if reasons else ''}."
    return problem_response(
        503, code, detail, request_id_of(request.scope), errors=problems, headers=_NO_STORE
    )
