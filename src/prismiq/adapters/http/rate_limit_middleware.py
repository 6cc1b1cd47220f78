"""Holding requests to their limits before anything else looks at them."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prismiq.adapters.http.client_identity import ClientIdentity
from prismiq.adapters.http.exchange import RawHeaders, exchange_of
from prismiq.adapters.http.limit_problems import respond_to_refusal
from prismiq.adapters.http.limit_rules import ClientIdOf, Limiter, LimitRule, LimitRules
from prismiq.adapters.http.problems import respond_to_http_exception
from prismiq.adapters.http.request_id import request_id_of
from prismiq.domain.model.observations import LimitOutcome
from prismiq.domain.model.rate_limits import LocalDecision, Undecided, Verdict
from prismiq.domain.rules.limit_headers import LIMIT_HEADERS

EXEMPT_PATHS = frozenset(
    {
        *("/health", "/health/live", "/health/ready", "/health/startup", "/metrics"),
        *("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"),
    }
)
"""Probes and documentation of an application; a router's prefix is for the caller to add."""

_OF_AN_OUTAGE = (Undecided, LocalDecision)

Observer: TypeAlias = Callable[[str, LimitOutcome], None]
"""Is told of every decision, with the name of the policy; such as ``MetricsSink.limit_decided``."""


class RateLimitMiddleware:
    """Pure ASGI: refuses with a problem document, else adds the header fields to the answer.

    WebSockets, ``OPTIONS`` and exempt addresses pass untouched. Add CORS middleware outside of
    this one, with ``exposed_headers`` exposed, so that a page in a browser can read a refusal.

    Args:
        app: the ASGI application inside.
        limiter: the policy for requests that no rule is about, in process or shared.
        get_client_id: names the client of a request; None is ``ClientIdentity()``, the peer.
        rules: other policies; the first that applies counts.
        exempt: paths that are not limited; ``exempt_paths`` where it is not said.
        observe: is told of every decision.
    """

    exempt_paths = EXEMPT_PATHS
    exposed_headers = LIMIT_HEADERS

    def __init__(
        self,
        app: ASGIApp,
        limiter: Limiter,
        get_client_id: ClientIdOf | None = None,
        *,
        rules: Iterable[LimitRule] = (),
        exempt: Iterable[str] = EXEMPT_PATHS,
        observe: Observer | None = None,
    ) -> None:
        self._app = app
        self._rules = LimitRules([*rules, LimitRule(limiter)], get_client_id or ClientIdentity())
        self._exempt = frozenset(exempt)
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        path = _path_in_application(scope)
        if path in self._exempt:
            await self._app(scope, receive, send)
            return
        try:
            rule, verdict = await self._rules.decide(Request(scope), path)
        except HTTPException as error:  # of the integrator's function that names clients
            await respond_to_http_exception(error, request_id_of(scope))(scope, receive, send)
            return
        if self._observe is not None:
            self._observe(rule.limiter.name, _outcome(verdict, shadow=rule.shadow))
        if rule.shadow:
            await self._app(scope, receive, send)
            return
        headers = rule.limiter.headers(verdict)
        exchange = exchange_of(scope)
        if verdict.allowed:
            raw = [(_raw_name(name), value.encode()) for name, value in headers.items()]
            if exchange is None:
                send = _adding(raw, send)
            else:
                exchange.set_headers(raw)
            await self._app(scope, receive, send)
            return
        if exchange is not None:
            exchange.set_headers([])  # the refusal has its own, whoever admitted it before
        request_id = request_id_of(scope)
        response = respond_to_refusal(verdict, rule.limiter.name, headers, request_id)
        await response(scope, receive, send)


@lru_cache(maxsize=64)
def _raw_name(name: str) -> bytes:
    return name.lower().encode()


def _path_in_application(scope: Scope) -> str:
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _outcome(verdict: Verdict, *, shadow: bool) -> LimitOutcome:
    if isinstance(verdict, _OF_AN_OUTAGE):
        admitted = verdict.allowed or shadow
        return LimitOutcome.OUTAGE_ALLOWED if admitted else LimitOutcome.OUTAGE_DENIED
    if verdict.allowed:
        return LimitOutcome.ALLOWED
    return LimitOutcome.SHADOW_DENIED if shadow else LimitOutcome.DENIED


def _adding(headers: RawHeaders, send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *headers]}
        await send(message)

    return send_with_headers
