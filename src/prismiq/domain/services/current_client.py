"""Who a query is counted for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prismiq.domain.model.scope import DEFAULT_TENANT, Scope

_client: ContextVar[str | None] = ContextVar("prismiq_client", default=None)


@contextmanager
def asking(client: str) -> Iterator[None]:
    """Name the client for whom the body works, and all tasks that begin in it."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


def client_of(scope: Scope) -> str | None:
    """Return the tenant; where all callers are the default one, the client that asks, if known."""
    if scope.tenant != DEFAULT_TENANT:
        return f"tenant:{scope.tenant}"
    return _client.get()
