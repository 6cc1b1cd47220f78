"""The middleware in a real application, seen from outside."""

import asyncio
import contextvars
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import StreamingResponse
from starlette.types import Message
from tests.unit.adapters.http.http_scope import http_scope
from tests.unit.remote_limit_store import RemoteLimitStore

from prismiq.adapters.http.limit_rules import LimitRule
from prismiq.adapters.http.rate_limit_middleware import EXEMPT_PATHS, RateLimitMiddleware
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.rules.limit_headers import LIMIT_HEADERS
from prismiq.domain.services.outage_policies import (
    closed_policy,
    local_share_policy,
    open_policy,
)
from prismiq.domain.services.rate_limiter import RateLimiter
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter

TIGHT = RateLimitConfig(burst_limit=2)
CONTEXT: contextvars.ContextVar[str] = contextvars.ContextVar("CONTEXT", default="unset")


def make_limiter(clock: Any, config: RateLimitConfig = TIGHT, name: str = "default") -> RateLimiter:
    return RateLimiter(InMemoryLimitStore(config, clock), clock, name=name)


@pytest.fixture(params=["in process", "shared"])
def limiter(request: pytest.FixtureRequest, clock: Any) -> RateLimiter | SharedRateLimiter:
    if request.param == "shared":
        return SharedRateLimiter(RemoteLimitStore(TIGHT, clock), clock, open_policy(TIGHT))
    return make_limiter(clock)


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item}")
    async def item(item: str) -> dict[str, str]:
        return {"item": item}

    @app.post("/dashboards/{dashboard_id}/execute")
    async def execute(dashboard_id: str) -> dict[str, str]:
        return {"dashboard": dashboard_id}

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "healthy"}

    @app.get("/failing")
    async def failing() -> None:
        raise HTTPException(418, "short and stout")

    return app


def connect(app: Any, address: str = "198.51.100.7", **options: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://test", **options)


async def statuses(client: httpx.AsyncClient, url: str, count: int, **options: Any) -> list[int]:
    return [(await client.get(url, **options)).status_code for _ in range(count)]


@pytest.fixture
async def client(limiter: RateLimiter | SharedRateLimiter) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app()
    app.add_middleware(RateLimitMiddleware, limiter=limiter)
    async with connect(app) as client:
        yield client


async def test_every_limited_answer_says_where_the_client_stands(client: httpx.AsyncClient) -> None:
    for path, remaining in (("/items/1", "1"), ("/failing", "0"), ("/items/1", "0")):
        answer = await client.get(path)
        assert answer.headers["x-ratelimit-limit"] == "2"
        assert answer.headers["x-ratelimit-remaining"] == remaining
        assert int(answer.headers["x-ratelimit-reset"]) > 1_000_000_000
        assert answer.headers["ratelimit"].startswith(f'"burst";r={remaining};t=')
        assert answer.headers["ratelimit-policy"].startswith('"burst";q=2;w=1, ')


async def test_a_refusal_is_a_429_problem_document(client: httpx.AsyncClient) -> None:
    """The sketch raises an exception within middleware, which becomes a 500."""
    assert await statuses(client, "/items/1", 3) == [200, 200, 429]
    refusal = await client.get("/items/1", headers={"X-Request-ID": "abc-1"})
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.headers["x-request-id"] == "abc-1"
    assert refusal.headers["retry-after"] == "1"
    assert refusal.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many requests: there may be 2 in one second. Try again in 1 second.",
        "code": "rate_limited",
        "request_id": "abc-1",
        "retry_after": 1,
        "policy": "default",
        "violated": [{"window": "burst", "limit": 2, "period": 1, "retry_after": 1}],
    }


async def test_who_waits_as_told_is_admitted(client: httpx.AsyncClient, clock: Any) -> None:
    answers = []
    for _ in range(150):
        answer = await client.get("/items/1")
        if answer.status_code == 429:
            clock.advance(int(answer.headers["retry-after"]))
            answer = await client.get("/items/1")
        answers.append(answer.status_code)
    assert set(answers) == {200}


async def test_all_violated_windows_are_named(clock: Any) -> None:
    config = RateLimitConfig(burst_limit=1, requests_per_minute=1, requests_per_hour=1)
    app = RateLimitMiddleware(make_app(), make_limiter(clock, config))
    async with connect(app) as client:
        await client.get("/items/1")
        problem = (await client.get("/items/1")).json()
    assert [violated["window"] for violated in problem["violated"]] == ["burst", "minute", "hour"]
    assert [violated["retry_after"] for violated in problem["violated"]] == [1, 60, 3600]
    assert problem["retry_after"] == 3600
    assert problem["detail"] == (
        "Too many requests: there may be 1 in one second and 1 in one minute and 1 in one hour."
        " Try again in 3,600 seconds."
    )


async def test_clients_are_told_apart_and_a_missing_peer_is_no_error(clock: Any) -> None:
    app = RateLimitMiddleware(make_app(), make_limiter(clock))
    for address in ("198.51.100.7", "198.51.100.8"):
        async with connect(app, address) as client:
            assert await statuses(client, "/items/1", 3) == [200, 200, 429]
    transport = httpx.ASGITransport(app=_without_peer(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert await statuses(client, "/items/1", 3) == [200, 200, 429]


def _without_peer(app: Any) -> Any:
    async def called(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": None}, receive, send)

    return called


async def test_a_forged_header_buys_nothing(client: httpx.AsyncClient) -> None:
    answers = [
        (await client.get("/items/1", headers={"X-Forwarded-For": f"203.0.113.{n}"})).status_code
        for n in range(4)
    ]
    assert answers == [200, 200, 429, 429]


@pytest.mark.parametrize("path", sorted(EXEMPT_PATHS))
async def test_probes_and_documentation_are_exempt(client: httpx.AsyncClient, path: str) -> None:
    for _ in range(5):
        answer = await client.get(path)
        assert answer.status_code in {200, 404}
        assert "x-ratelimit-limit" not in answer.headers


async def test_an_address_that_only_looks_exempt_is_not(client: httpx.AsyncClient) -> None:
    assert await statuses(client, "/items/health", 3) == [200, 200, 429]
    assert (await client.get("/health?x=/items")).status_code == 200
    assert (await client.get("//health")).status_code == 429


async def test_exempt_addresses_are_found_under_a_root_path(clock: Any) -> None:
    app = RateLimitMiddleware(make_app(), make_limiter(clock))
    transport = httpx.ASGITransport(app=app, root_path="/proxied")
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert await statuses(client, "/proxied/health", 4) == [200] * 4
        assert await statuses(client, "/proxied/items/1", 3) == [200, 200, 429]


async def test_a_browser_can_read_a_refusal(limiter: RateLimiter | SharedRateLimiter) -> None:
    """CORS headers are on the 429, preflights are never limited, and the numbers are exposed."""
    app = make_app()
    app.add_middleware(RateLimitMiddleware, limiter=limiter)
    app.add_middleware(
        CORSMiddleware, allow_origins=["https://page.example"], expose_headers=LIMIT_HEADERS
    )
    origin = {"Origin": "https://page.example"}
    preflight = {**origin, "Access-Control-Request-Method": "GET"}
    async with connect(app, headers=origin) as client:
        assert await statuses(client, "/items/1", 3) == [200, 200, 429]
        for _ in range(5):
            assert (await client.options("/items/1", headers=preflight)).status_code == 200
        refusal = await client.get("/items/1")
    assert refusal.status_code == 429
    assert refusal.headers["access-control-allow-origin"] == "https://page.example"
    exposed = refusal.headers["access-control-expose-headers"].lower()
    for name in ("Retry-After", "X-RateLimit-Reset", "RateLimit"):
        assert name.lower() in exposed.split(", ")
        assert name in refusal.headers


async def test_options_without_cors_middleware_is_exempt_too(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert (await client.options("/items/1")).status_code == 405


async def test_a_stream_is_passed_on_piece_by_piece(clock: Any) -> None:
    app = make_app()
    continued = asyncio.Event()

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            await continued.wait()
            yield b"second"

        return StreamingResponse(pieces())

    got: asyncio.Queue[Message] = asyncio.Queue()
    limited = RateLimitMiddleware(app, make_limiter(clock))
    call = asyncio.create_task(limited(http_scope("/stream"), _never, got.put))
    assert (await got.get())["type"] == "http.response.start"
    assert (await got.get())["body"] == b"first"
    continued.set()
    assert (await got.get())["body"] == b"second"
    await call


async def test_context_variables_go_in_and_come_out(clock: Any) -> None:
    """BaseHTTPMiddleware runs the application in another task and loses what it sets."""

    async def inner(_scope: Any, _receive: Any, send: Any) -> None:
        seen = CONTEXT.get()
        CONTEXT.set("set inside")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": seen.encode()})

    CONTEXT.set("set outside")
    sent: list[Message] = []
    await RateLimitMiddleware(inner, make_limiter(clock))(http_scope("/"), _never, _into(sent))
    assert sent[1]["body"] == b"set outside"
    assert CONTEXT.get() == "set inside"


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_what_is_no_http_request_is_passed_on_as_it_is(clock: Any, kind: str) -> None:
    calls: list[Any] = []

    async def inner(*call: Any) -> None:
        calls.append(call)

    scope, sent = {"type": kind, "path": "/items/1"}, _into([])
    limited = RateLimitMiddleware(inner, make_limiter(clock))
    for _ in range(5):
        await limited(scope, _never, sent)
    assert calls == [(scope, _never, sent)] * 5


async def test_errors_of_the_application_are_passed_on(clock: Any) -> None:
    async def inner(*_call: Any) -> None:
        raise RuntimeError("of the application")

    with pytest.raises(RuntimeError, match="of the application"):
        await RateLimitMiddleware(inner, make_limiter(clock))(http_scope("/"), _never, _into([]))


async def test_an_integrator_names_the_clients(clock: Any) -> None:
    async def by_key(request: Request) -> str:
        if "x-key" not in request.headers:
            raise HTTPException(401, "Say who you are.")
        return request.headers["x-key"]

    async with connect(RateLimitMiddleware(make_app(), make_limiter(clock), by_key)) as client:
        for key in ("a", "b"):
            assert await statuses(client, "/items/1", 3, headers={"X-Key": key}) == [200, 200, 429]
        stranger = await client.get("/items/1")
    assert stranger.status_code == 401
    assert stranger.json()["detail"] == "Say who you are."


async def test_a_route_has_its_own_policy_and_its_own_cost(clock: Any) -> None:
    async def widgets(request: Request) -> int:
        return int(request.headers["x-widgets"])

    heavy = make_limiter(clock, RateLimitConfig(burst_limit=20), "dashboards")
    rule = LimitRule(
        heavy, template="/dashboards/{dashboard_id}/execute", methods={"POST"}, cost=widgets
    )
    async with connect(RateLimitMiddleware(make_app(), make_limiter(clock), rules=[rule])) as http:

        async def execute(count: int) -> httpx.Response:
            return await http.post("/dashboards/7/execute", headers={"X-Widgets": str(count)})

        assert (await execute(12)).headers["x-ratelimit-remaining"] == "8"
        refused = await execute(9)
        assert refused.json()["policy"] == "dashboards"
        assert (await execute(8)).status_code == 200
        assert await statuses(http, "/items/1", 3) == [200, 200, 429]
        assert (await http.post("/dashboards/7/8/execute")).status_code == 429


async def test_a_client_and_a_tenant_can_have_policies_of_their_own(clock: Any) -> None:
    def tenant(request: Request) -> str:
        return f"tenant:{request.headers.get('x-tenant')}"

    gold = make_limiter(clock, RateLimitConfig(burst_limit=4), "gold")
    partner = make_limiter(clock, RateLimitConfig(burst_limit=3), "partner")
    rules = [
        LimitRule(partner, clients={"ip:198.51.100.9"}),
        LimitRule(gold, get_client_id=tenant, clients={"tenant:acme"}),
    ]
    app = RateLimitMiddleware(make_app(), make_limiter(clock), rules=rules)
    expected = {
        ("198.51.100.7", "other"): 2,
        ("198.51.100.8", "acme"): 4,
        ("198.51.100.9", "acme"): 3,
    }
    for (address, name), admitted in expected.items():
        async with connect(app, address, headers={"X-Tenant": name}) as client:
            assert (await statuses(client, "/items/1", 8)).count(200) == admitted
    async with connect(app, "198.51.100.10", headers={"X-Tenant": "acme"}) as client:
        assert (await statuses(client, "/items/1", 1)) == [429]  # the tenant's bucket is shared


async def test_in_shadow_mode_everything_is_counted_and_nothing_refused(clock: Any) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    rule = LimitRule(make_limiter(clock, name="trial"), template="/items/{item}", shadow=True)
    app = RateLimitMiddleware(
        make_app(),
        make_limiter(clock),
        rules=[rule],
        observe=lambda policy, outcome: seen.update([(policy, outcome)]),
    )
    async with connect(app) as client:
        answers = [await client.get("/items/1") for _ in range(5)]
        await statuses(client, "/failing", 3)
    assert {answer.status_code for answer in answers} == {200}
    assert not any("x-ratelimit-limit" in answer.headers for answer in answers)
    assert seen == {
        ("trial", "allowed"): 2,
        ("trial", "shadow_denied"): 3,
        ("default", "allowed"): 2,
        ("default", "denied"): 1,
    }


@pytest.mark.parametrize(
    ("policy", "status", "outcome"),
    [(open_policy, 200, "outage_allowed"), (closed_policy, 503, "outage_denied")],
)
async def test_without_the_store_the_outage_policy_answers(
    clock: Any, policy: Callable[[RateLimitConfig], Any], status: int, outcome: str
) -> None:
    seen: list[tuple[str, str]] = []
    limiter = SharedRateLimiter(RemoteLimitStore(TIGHT, clock, gone=True), clock, policy(TIGHT))
    app = RateLimitMiddleware(make_app(), limiter, observe=lambda *told: seen.append(told))
    async with connect(app) as client:
        answers = [await client.get("/items/1") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {status}
    assert seen == [("default", outcome)] * 5
    if status == 503:
        assert answers[0].json()["code"] == "rate_limit_unavailable"
        assert answers[0].headers["retry-after"] == "1"


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


def _into(messages: list[Message]) -> Callable[[Message], Any]:
    async def send(message: Message) -> None:
        messages.append(message)

    return send


async def test_a_decision_of_one_process_alone_is_counted_as_an_outage(clock: Any) -> None:
    outcomes: Counter[str] = Counter()
    share = local_share_policy(InMemoryLimitStore(TIGHT, clock))
    limiter = SharedRateLimiter(RemoteLimitStore(TIGHT, clock, gone=True), clock, share)
    app = RateLimitMiddleware(
        make_app(), limiter, observe=lambda _policy, outcome: outcomes.update([outcome])
    )
    async with connect(app) as client:
        assert await statuses(client, "/items/1", 3) == [200, 200, 429]
    assert outcomes == {"outage_allowed": 2, "outage_denied": 1}


async def test_the_fields_are_added_once_where_the_exchange_is_watched(clock: Any) -> None:
    app = make_app()
    app.add_middleware(RateLimitMiddleware, limiter=make_limiter(clock))
    app.add_middleware(RequestLoggingMiddleware)
    async with connect(app) as client:
        answer = await client.get("/items/1")
    names = [name.decode() for name, _ in answer.headers.raw]
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "ratelimit", "x-request-id"):
        assert names.count(name) == 1


LIMIT_FIELDS = {name.lower() for name in LIMIT_HEADERS}


def limit_fields(answer: httpx.Response) -> list[str]:
    return [name for name, _ in answer.headers.multi_items() if name in LIMIT_FIELDS]


async def static(_scope: Any, _receive: Any, send: Any) -> None:
    """Sends the same messages every time."""
    await send(STATIC_START)
    await send({"type": "http.response.body", "body": b""})


STATIC_START = {"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]}


@pytest.mark.parametrize("is_watched", [True, False])
async def test_a_message_that_is_sent_again_has_nothing_of_the_answers_before(
    clock: Any, is_watched: bool
) -> None:
    app: Any = RateLimitMiddleware(static, make_limiter(clock))
    if is_watched:
        app = RequestLoggingMiddleware(app)
    async with connect(app) as client:
        answers = [await client.get("/") for _ in range(2)]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0"]
    assert [len(limit_fields(answer)) for answer in answers] == [5, 5]
    assert len({answer.headers.get("x-request-id") for answer in answers}) == 1 + is_watched
    assert STATIC_START["headers"] == [(b"x-own", b"1")]


async def test_who_asks_the_application_again_sends_the_fields_of_that_answer(clock: Any) -> None:
    app = RateLimitMiddleware(static, make_limiter(clock))

    async def asks_twice(scope: Any, receive: Any, send: Any) -> None:
        async def forget(_message: Message) -> None:
            pass

        await app(scope, receive, forget)
        await app(scope, receive, send)

    async with connect(RequestLoggingMiddleware(asks_twice)) as client:
        admitted, refused = await client.get("/"), await client.get("/")
    assert admitted.headers["x-ratelimit-remaining"] == "0"
    assert sorted(limit_fields(admitted)) == sorted(LIMIT_FIELDS - {"retry-after"})
    assert refused.status_code == 429
    assert sorted(limit_fields(refused)) == sorted(LIMIT_FIELDS)


async def test_what_is_refused_by_a_second_limit_says_only_why(clock: Any) -> None:
    inner = make_app()
    inner.add_middleware(RateLimitMiddleware, limiter=make_limiter(clock, name="inner"))
    outer = make_app()
    generous = RateLimitConfig(burst_limit=50)
    outer.add_middleware(RateLimitMiddleware, limiter=make_limiter(clock, generous, "outer"))
    outer.add_middleware(RequestLoggingMiddleware)
    outer.mount("/inner", inner)
    async with connect(outer) as client:
        for expected in (200, 200, 429):
            answer = await client.get("/inner/items/1")
            assert answer.status_code == expected
            assert answer.headers["x-ratelimit-limit"] == "2"
        assert (await client.get("/items/1")).headers["x-ratelimit-limit"] == "50"
