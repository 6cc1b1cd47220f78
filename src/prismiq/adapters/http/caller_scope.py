"""On whose behalf a request asks."""

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request

from prismiq.domain.model.scope import Scope

ScopeOf: TypeAlias = Callable[[Request], Scope | Awaitable[Scope]]
"""Turns a request into a scope; written by the integrator, who knows whom to believe.

It may be asynchronous. An ``HTTPException`` that it raises is answered with its status.
"""


async def resolve_scope(scope_of: ScopeOf, request: Request) -> Scope:
    """Call the integrator's function.

    Raises:
        TypeError: it returned something else than a scope.
    """
    scope = scope_of(request)
    return scope if isinstance(scope, Scope) else await required_scope(scope)


async def required_scope(answer: object) -> Scope:
    """Return the scope that the integrator's function gave, or has promised. Raises as above."""
    scope = await answer if inspect.isawaitable(answer) else answer
    if not isinstance(scope, Scope):
        raise TypeError(f"the scope function returned {type(scope).__name__}, not a Scope")
    return scope


def single_tenant(scope: Scope) -> ScopeOf:
    """Return a function that gives every request the same scope."""
    return lambda _request: scope
