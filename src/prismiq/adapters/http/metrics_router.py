"""The endpoint that Prometheus reads."""

from typing import Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.accepted_forms import accepts_gzip, prefers_openmetrics
from prismiq.adapters.http.problem_route import ProblemRoute

METRICS_PATH = "/metrics"
_PLAIN = "text/plain"
_OPENMETRICS = "application/openmetrics-text"


class RenderMetrics(Protocol):
    """Writes all metrics; returns the body and its content type."""

    async def __call__(self, *, openmetrics: bool, gzipped: bool) -> tuple[bytes, str]:
        """Write OpenMetrics or the text format, compressed or not."""


def make_metrics_router(render: RenderMetrics) -> APIRouter:
    """Return the route ``/metrics``.

    Args:
        render: writes what is answered.
    """
    router = APIRouter(route_class=ProblemRoute, tags=["operations"])

    async def metrics(request: Request) -> Response:
        """Answer with every metric, in OpenMetrics where the scraper prefers it."""
        gzipped = accepts_gzip(request.headers.getlist("accept-encoding"))
        openmetrics = prefers_openmetrics(request.headers.getlist("accept"))
        body, content_type = await render(openmetrics=openmetrics, gzipped=gzipped)
        headers = {
            "Content-Type": content_type,
            "Cache-Control": "no-store",
            "Vary": "Accept, Accept-Encoding",
        }
        if gzipped:
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers)

    router.add_api_route(
        METRICS_PATH,
        metrics,
        methods=["GET"],
        summary="Show the metrics to Prometheus",
        response_class=Response,
        responses={
            200: {
                "description": "All metrics.",
                "content": {
                    media_type: {"schema": {"type": "string"}}
                    for media_type in (_PLAIN, _OPENMETRICS)
                },
            }
        },
    )
    return router
