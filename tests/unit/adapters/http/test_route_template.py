"""The route of a request is named as it was declared, however routers are put together."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from prismiq.adapters.http.cancelled_requests import CancelledRequests
from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.adapters.http.route_template import UNMATCHED, RouteTemplates, bounded_method
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter


async def item(request: Any) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


def items_of_fastapi() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/items/{item_id}", lambda item_id: item_id, methods=["GET"])
    router.add_api_route("/items/{number}", lambda number: number, methods=["POST"])
    router.add_api_route("/files/{rest:path}", lambda rest: rest, methods=["GET"])
    router.add_route("/plain/{item_id}", item)
    router.mount("/static/{lang}", PlainTextResponse("file"))
    return router


def items_of_starlette() -> list[Any]:
    return [Route("/items/{item_id:int}", item), Mount("/static", PlainTextResponse("file"))]


def direct() -> FastAPI:
    app = FastAPI()
    app.get("/items/{item_id}")(lambda item_id: item_id)
    app.post("/items/{number}")(lambda number: number)
    app.get("/")(lambda: "root")
    return app


def included() -> FastAPI:
    app = FastAPI()
    app.include_router(items_of_fastapi(), prefix="/v1")
    app.include_router(items_of_fastapi(), prefix="/v2/{tenant}")
    app.include_router(items_of_fastapi())
    return app


def nested() -> FastAPI:
    inner, middle, app = items_of_fastapi(), APIRouter(prefix="/middle"), FastAPI()
    middle.include_router(inner, prefix="/a")
    middle.include_router(inner, prefix="/b/{shop}")
    app.include_router(middle, prefix="/outer")
    app.include_router(middle)
    return app


def mounted() -> FastAPI:
    app = FastAPI()
    app.mount("/apps/{tenant}", included())
    app.mount("/twice", included())
    app.mount("/starlette", Starlette(routes=items_of_starlette()))
    app.mount("/router", Router(items_of_starlette()))
    return app


def mounted_in_starlette() -> Starlette:
    return Starlette(
        routes=[
            Mount("/one/{id}", routes=[Mount("/two/{id}", app=nested())]),
            Mount("/list", routes=items_of_starlette()),
            Mount("", app=direct()),
        ]
    )


def by_host() -> Starlette:
    return Starlette(
        routes=[
            Host("api.example.com", app=direct()),
            Host("{tenant}.example.com", app=Router(items_of_starlette())),
        ]
    )


CASES = [
    (direct, "GET /items/7", "/items/{item_id}"),
    (direct, "POST /items/7", "/items/{number}"),
    (direct, "DELETE /items/7", "/items/{item_id}"),
    (direct, "GET /", "/"),
    (direct, "GET /openapi.json", "/openapi.json"),
    (direct, "GET /docs", "/docs"),
    (direct, "GET /nothing", UNMATCHED),
    (direct, "GET /items/7/8", UNMATCHED),
    (included, "GET /v1/items/7", "/v1/items/{item_id}"),
    (included, "POST /v1/items/7", "/v1/items/{number}"),
    (included, "GET /v2/acme/items/7", "/v2/{tenant}/items/{item_id}"),
    (included, "GET /items/7", "/items/{item_id}"),
    (included, "GET /v1/plain/7", "/v1/plain/{item_id}"),
    (included, "GET /v1/files/a/b/c", "/v1/files/{rest}"),
    (included, "GET /v1/static/en/a/b.css", "/v1/static/{lang}/{path}"),
    (included, "GET /v1/nothing", UNMATCHED),
    (nested, "GET /outer/middle/a/items/7", "/outer/middle/a/items/{item_id}"),
    (nested, "POST /outer/middle/b/7/items/7", "/outer/middle/b/{shop}/items/{number}"),
    (nested, "GET /middle/b/7/plain/7", "/middle/b/{shop}/plain/{item_id}"),
    (nested, "GET /middle/a/static/en/x", "/middle/a/static/{lang}/{path}"),
    (mounted, "GET /apps/acme/v1/items/7", "/apps/{tenant}/v1/items/{item_id}"),
    (mounted, "GET /apps/acme/v2/x/plain/7", "/apps/{tenant}/v2/{tenant}/plain/{item_id}"),
    (mounted, "POST /twice/items/7", "/twice/items/{number}"),
    (mounted, "GET /starlette/items/7", "/starlette/items/{item_id}"),
    (mounted, "GET /starlette/items/x", UNMATCHED),
    (mounted, "GET /starlette/static/a", "/starlette/static/{path}"),
    (mounted, "GET /router/items/7", "/router/items/{item_id}"),
    (mounted, "GET /apps/acme/nothing", UNMATCHED),
    (
        mounted_in_starlette,
        "GET /one/1/two/2/outer/middle/a/items/3",
        "/one/{id}/two/{id}/outer/middle/a/items/{item_id}",
    ),
    (mounted_in_starlette, "GET /list/items/3", "/list/items/{item_id}"),
    (mounted_in_starlette, "GET /items/3", "/items/{item_id}"),
    (by_host, "GET http://api.example.com/items/7", "/items/{item_id}"),
    (by_host, "GET http://acme.example.com/items/7", "/items/{item_id}"),
    (by_host, "GET http://acme.example.com/static/7", "/static/{path}"),
    (by_host, "GET http://elsewhere.org/items/7", UNMATCHED),
]


class Finding:
    """Names the route of each request on its way in, twice."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.templates = RouteTemplates(app)
        self.found: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.found = [self.templates.find(scope), self.templates.find(scope)]
        await self.app(scope, receive, send)


async def answer_of(app: ASGIApp, request_line: str) -> httpx.Response:
    method, url = request_line.split()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, url)


@pytest.mark.parametrize(("make", "request_line", "template"), CASES)
async def test_the_template_has_every_prefix(make: Any, request_line: str, template: str) -> None:
    finding = Finding(make())
    response = await answer_of(finding, request_line)
    assert finding.found == [template, template]
    # The framework knows a route just where we name one; 405 belongs to a route too.
    assert (response.status_code == 404) == (template == UNMATCHED)


@pytest.mark.parametrize(("make", "request_line", "template"), CASES)
async def test_it_is_the_same_from_inside_of_the_application(
    make: Any, request_line: str, template: str
) -> None:
    app = make()
    seen: list[Finding] = []

    def finding(inner: ASGIApp) -> ASGIApp:
        seen.append(Finding(inner))
        return seen[-1]

    app.add_middleware(finding)
    await answer_of(app, request_line)
    assert seen[-1].found == [template, template]


async def test_an_application_below_a_mount_is_seen_from_the_top() -> None:
    inner = included()
    seen: list[Finding] = []

    def finding(app: ASGIApp) -> ASGIApp:
        seen.append(Finding(app))
        return seen[-1]

    inner.add_middleware(finding)
    outer = FastAPI()
    outer.mount("/apps/{tenant}", inner)
    await answer_of(outer, "GET /apps/acme/v1/items/7")
    assert seen[-1].found[0] == "/apps/{tenant}/v1/items/{item_id}"


async def test_routes_are_found_through_middleware() -> None:
    class Idle(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

    app = Starlette(
        routes=[Mount("/m", routes=items_of_starlette(), middleware=[Middleware(Idle)])]
    )
    finding = Finding(Idle(Idle(app)))
    assert (await answer_of(finding, "GET /m/items/7")).status_code == 200
    assert finding.found[0] == "/m/items/{item_id}"


async def test_routes_are_found_through_our_own_middleware() -> None:
    app = direct()
    limited = RateLimitMiddleware(app, RateLimiter(RateLimitConfig()))
    tried = CancelledRequests(limited, is_ending=lambda: False)
    finding = Finding(tried)
    assert (await answer_of(finding, "GET /items/7")).status_code == 200
    assert finding.found[0] == "/items/{item_id}"


async def test_a_route_that_is_added_later_is_found() -> None:
    app = direct()
    finding = Finding(app)
    await answer_of(finding, "GET /later/1")
    assert finding.found[0] == UNMATCHED
    app.get("/later/{number}")(lambda number: number)
    await answer_of(finding, "GET /later/1")
    assert finding.found[0] == "/later/{number}"


async def test_a_servers_root_path_is_not_part_of_it() -> None:
    finding = Finding(direct())
    transport = httpx.ASGITransport(app=finding, root_path="/proxied")
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/proxied/items/7")).status_code == 200
        assert finding.found[0] == "/items/{item_id}"
        assert (await client.get("/items/7")).status_code == 200
        assert finding.found[0] == "/items/{item_id}"


def scope_for(path: str, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def test_what_is_remembered_is_bounded() -> None:
    templates = RouteTemplates(direct())
    for number in range(10_000):
        assert templates.find(scope_for(f"/items/{number}")) == "/items/{item_id}"
        assert templates.find(scope_for(f"/nothing/{number}")) == UNMATCHED
        templates.find(scope_for("/items/" + "x" * 300 + str(number)))
    assert 0 < len(templates._known) <= 4_096
    assert all(len(path) < 300 for _, path in templates._known)


def test_an_application_without_routes_matches_nothing() -> None:
    assert RouteTemplates(PlainTextResponse("x")).find(scope_for("/")) == UNMATCHED


def test_a_route_that_cannot_be_asked_is_no_route() -> None:
    class Broken(Route):
        def matches(self, scope: Scope) -> Any:
            raise ValueError("no")

    assert RouteTemplates(Router([Broken("/", item)])).find(scope_for("/")) == UNMATCHED


@pytest.mark.parametrize("method", ["BREW", "get", "", "X" * 1000, "GET\n"])
def test_methods_that_clients_make_up_are_one(method: str) -> None:
    assert bounded_method(method) == "_other"


def test_methods_of_the_standard_are_themselves() -> None:
    assert [bounded_method(method) for method in ("GET", "POST", "DELETE")] == [
        "GET",
        "POST",
        "DELETE",
    ]
