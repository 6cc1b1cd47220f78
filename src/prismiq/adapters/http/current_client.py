"""Naming the client of a request for what counts queries."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from prismiq.adapters.http.limit_rules import ClientIdOf
from prismiq.domain.services.current_client import asking


class CurrentClientMiddleware:
    """Pure ASGI: whatever is done for a request is done for its client.

    ``queries_per_client`` counts queries of the default tenant for the clients that this names.
    The server of ``create_app`` has it; where there are tenants, nobody needs it.

    Args:
        app: the ASGI application inside.
        get_client_id: names the client of a request, such as ``ClientIdentity()``.
    """

    def __init__(self, app: ASGIApp, get_client_id: ClientIdOf) -> None:
        self._app = app
        self._get_client_id = get_client_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = self._get_client_id(Request(scope))
        with asking(client if isinstance(client, str) else await client):
            await self._app(scope, receive, send)
