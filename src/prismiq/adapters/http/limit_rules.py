"""Which limits a request is held to."""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeAlias

from starlette.requests import Request

from prismiq.domain.model.rate_limits import Decision, Undecided, Verdict

ClientIdOf: TypeAlias = Callable[[Request], str | Awaitable[str]]
"""Names the client of a request. It may be asynchronous."""

CostOf: TypeAlias = Callable[[Request], int | Awaitable[int]]
"""Weighs a request: a dashboard's execution costs its widgets. It may be asynchronous."""

_VERDICTS = (Decision, Undecided)
_PLACEHOLDER = re.compile(r"\{\w+(:path)?\}")


class Limiter(Protocol):
    """One policy: ``RateLimiter`` and ``SharedRateLimiter`` are such, and others can be."""

    name: str

    def decide(self, client_id: str, cost: int = 1) -> Verdict | Awaitable[Verdict]:
        """Decide about a request of a client, and charge it if it fits."""

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """Return the header fields that go with a verdict."""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Limits for some requests. Of the rules that apply to a request the first one counts.

    Args:
        limiter: decides. Rules that share one share its buckets.
        template: the address in full, such as ``/api/dashboards/{dashboard_id}/execute``; a
            placeholder stands for one segment, ``{rest:path}`` for any number. None: every address.
        methods: such as ``{"POST"}``. None: every method.
        get_client_id: who is counted, such as the tenant instead of the address. None: as the
            middleware does.
        clients: the rule is for these alone. None: for everybody.
        cost: of one request.
        shadow: decide and count, but never refuse and say nothing to the client.
    """

    limiter: Limiter
    template: str | None = None
    methods: Collection[str] | None = None
    get_client_id: ClientIdOf | None = None
    clients: Collection[str] | None = None
    cost: int | CostOf = 1
    shadow: bool = False

    def covers(self, method: str, path: str) -> bool:
        """Whether the rule is about requests of this form."""
        if self.methods is not None and method not in self.methods:
            return False
        return self.template is None or _pattern(self.template).fullmatch(path) is not None


class LimitRules:
    """Rules in their order.

    Args:
        rules: the last of them applies to every request.
        get_client_id: who is counted where a rule does not say.
    """

    def __init__(self, rules: Sequence[LimitRule], get_client_id: ClientIdOf) -> None:
        self._rules = rules
        self._get_client_id = get_client_id

    async def decide(self, request: Request, path: str) -> tuple[LimitRule, Verdict]:
        """Decide about a request, as the first rule says that applies to it."""
        known: dict[ClientIdOf, str] = {}
        method = request.scope["method"]
        for rule in self._rules:
            if not rule.covers(method, path):
                continue
            ask = rule.get_client_id or self._get_client_id
            client = known.get(ask)
            if client is None:
                answer = ask(request)
                # Most functions of integrators are no coroutines, and to wait costs.
                client = known[ask] = answer if isinstance(answer, str) else await answer
            if rule.clients is None or client in rule.clients:
                cost = rule.cost if isinstance(rule.cost, int) else rule.cost(request)
                verdict = rule.limiter.decide(client, cost if isinstance(cost, int) else await cost)
                return rule, verdict if isinstance(verdict, _VERDICTS) else await verdict
        raise LookupError("the last rule applies to every request")


@lru_cache(maxsize=1024)
def _pattern(template: str) -> re.Pattern[str]:
    parts, end = [], 0
    for placeholder in _PLACEHOLDER.finditer(template):
        parts += [
            re.escape(template[end : placeholder.start()]),
            ".+" if placeholder[1] else "[^/]+",
        ]
        end = placeholder.end()
    return re.compile("".join([*parts, re.escape(template[end:])]))
