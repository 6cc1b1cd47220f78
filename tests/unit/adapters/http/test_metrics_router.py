"""``GET /metrics``: the form that was asked for, never kept by anybody."""

import gzip
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from prismiq.adapters.http.metrics_router import make_metrics_router

Connect = Callable[[FastAPI], httpx.AsyncClient]


class Rendering:
    """Writes what it was asked for."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def render(self, *, openmetrics: bool, gzipped: bool) -> tuple[bytes, str]:
        if self.error is not None:
            raise self.error
        body = b"flights_total 1\n" + b"# EOF\n" * openmetrics
        kind = "application/openmetrics-text; version=1.0.0" if openmetrics else "text/plain"
        return gzip.compress(body) if gzipped else body, f"{kind}; charset=utf-8"


@pytest.fixture
def rendering() -> Rendering:
    return Rendering()


@pytest.fixture
def client(rendering: Rendering, connect: Connect) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(make_metrics_router(rendering.render))
    return connect(app)


async def test_plain_text_without_compression_is_the_default(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.text) == (200, "flights_total 1\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert "content-encoding" not in answer.headers


async def test_openmetrics_and_gzip_where_they_are_asked_for(client: httpx.AsyncClient) -> None:
    headers = {"Accept": "application/openmetrics-text", "Accept-Encoding": "gzip"}
    answer = await client.get("/metrics", headers=headers)
    assert answer.text == "flights_total 1\n# EOF\n"
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-encoding"] == "gzip"


async def test_a_failure_is_a_problem_document(
    client: httpx.AsyncClient, rendering: Rendering
) -> None:
    rendering.error = OSError("/secret/directory has gone")
    answer = await client.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
