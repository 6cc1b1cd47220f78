"""Who a query is counted for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto

from prismiq.domain.model.scope import DEFAULT_TENANT, Scope

RENEWALS = "renewals"
"""Who is counted where nobody asked, and the name of the policy for that in metrics."""


class OwnWork(Enum):
    """What is done without a client who waits for it."""

    RENEWAL = auto()
    """A kept answer is computed anew before it is over."""
    WARM_UP = auto()
    """Answers are computed before anybody asks, as many at once as the integrator says."""


_client: ContextVar[str | None] = ContextVar("prismiq_client", default=None)
_own_work: ContextVar[OwnWork | None] = ContextVar("prismiq_own_work", default=None)


@contextmanager
def asking(client: str) -> Iterator[None]:
    """Name the client for whom the body works, and all tasks that begin in it."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


@contextmanager
def working(kind: OwnWork) -> Iterator[None]:
    """Say that the body, and all tasks that begin in it, work for no client at all."""
    token = _own_work.set(kind)
    try:
        yield
    finally:
        _own_work.reset(token)


def own_work() -> OwnWork | None:
    """Return what is done for no client; None: a client waits for it."""
    return _own_work.get()


def client_of(scope: Scope) -> str | None:
    """Return the tenant; where all callers are the default one, the client that asks, if known."""
    if _own_work.get() is not None:
        return None
    if scope.tenant != DEFAULT_TENANT:
        return f"tenant:{scope.tenant}"
    return _client.get()
