"""Prismiq's routes answer for themselves inside any application, and leave the rest to it."""

import json
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

from prismiq.domain.model.errors import PrismiqError
from prismiq.domain.model.scope import Scope

QUERY = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [{"table_id": "f", "column": "carrier"}],
}


class QuotaError(Exception):
    """An error of the integrator's own."""


def teapot(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("the application's own answer", 418)


@pytest.mark.parametrize("kind", [PrismiqError, HTTPException, Exception, 404, 500])
async def test_handlers_of_the_application_change_nothing(
    make_router: Any, connect: Any, runner: Any, kind: Any
) -> None:
    app = FastAPI()
    app.add_exception_handler(kind, teapot)
    app.include_router(make_router())
    client: httpx.AsyncClient = connect(app)
    assert (await client.get("/tables/nothing")).json()["code"] == "table_not_found"
    runner.error = RuntimeError("x")
    assert (await client.post("/query/execute", json=QUERY)).json()["code"] == "internal_error"


async def test_an_error_that_the_application_handles_is_the_applications(
    make_router: Any, connect: Any
) -> None:
    def check_quota() -> None:
        raise QuotaError

    app = FastAPI()
    app.add_exception_handler(QuotaError, teapot)
    app.include_router(make_router(), dependencies=[Depends(check_quota)])
    assert (await connect(app).get("/tables")).text == "the application's own answer"


async def test_an_error_that_nobody_handles_is_a_problem(make_router: Any, connect: Any) -> None:
    def check_quota() -> None:
        raise QuotaError

    app = FastAPI()
    app.include_router(make_router(), dependencies=[Depends(check_quota)])
    assert (await connect(app).get("/tables")).json()["code"] == "internal_error"


async def test_dependencies_come_before_the_scope(
    make_router: Any, connect: Any, runner: Any
) -> None:
    def log_in(request: Request) -> None:
        if "x-token" not in request.headers:
            raise HTTPException(401, "Log in first.")
        request.state.tenant = request.headers["x-token"]

    app = FastAPI()
    router = make_router(scope_of=lambda request: Scope(tenant=request.state.tenant))
    app.include_router(router, prefix="/deep/down", dependencies=[Depends(log_in)])
    client: httpx.AsyncClient = connect(app)
    for path, body in (("/query/execute", QUERY), ("/query/validate", QUERY)):
        refused = await client.post(f"/deep/down{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    await client.post("/deep/down/query/execute", json=QUERY, headers={"X-Token": "acme"})
    assert [scope.tenant for _, scope, _ in runner.calls] == ["acme"]


async def test_a_dependency_may_read_the_body_first(make_router: Any, connect: Any) -> None:
    seen: list[bytes] = []

    async def check_signature(request: Request) -> None:
        seen.append(await request.body())

    app = FastAPI()
    app.include_router(make_router(), dependencies=[Depends(check_signature)])
    client: httpx.AsyncClient = connect(app)
    response = await client.post("/query/execute", json=QUERY)
    assert response.status_code == 200
    assert json.loads(seen[0]) == QUERY
    assert (await client.get("/tables")).status_code == 200
    assert seen[1] == b""


async def test_it_works_below_middleware_that_reads_the_body(
    make_router: Any, connect: Any
) -> None:
    async def read(request: Request, call_next: RequestResponseEndpoint) -> Response:
        await request.body()
        return await call_next(request)

    app = FastAPI()
    app.add_middleware(BaseHTTPMiddleware, dispatch=read)
    app.include_router(make_router())
    assert (await connect(app).post("/query/execute", json=QUERY)).status_code == 200


async def test_it_works_in_a_mounted_application(make_router: Any, connect: Any) -> None:
    inner = FastAPI()
    inner.include_router(make_router())
    outer = FastAPI()
    outer.mount("/analytics", inner)
    client: httpx.AsyncClient = connect(outer)
    assert (await client.get("/analytics/tables")).json() == ["airlines", "flights"]
    missing = await client.get("/analytics/tables/nothing", headers={"X-Request-ID": "abc"})
    assert missing.json()["request_id"] == "abc"
    assert missing.headers["x-request-id"] == "abc"


async def test_every_answer_of_ours_has_a_request_id(client: httpx.AsyncClient) -> None:
    for response in (
        await client.get("/tables"),
        await client.get("/tables/nothing"),
        await client.post("/query/validate", json=QUERY),
        await client.post("/query/validate", json={}),
        await client.post("/query/validate"),
    ):
        assert len(response.headers.get_list("x-request-id")) == 1
