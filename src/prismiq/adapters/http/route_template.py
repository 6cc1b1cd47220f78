"""Which route a request is for, as the template it was declared with.

``/api/tables/{table}`` and not ``/api/tables/flights``: templates are of a bounded number, whatever
clients ask for, so that they can name series of metrics. They are found before the request is
answered, since requests under way are counted by them, and since answers that are given in front
of the routes (limits, the direct lane) belong to a route as well.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute, Host, Match, Mount
from starlette.types import Scope

UNMATCHED = "_unmatched"
"""The template of requests that no route knows."""
OTHER_METHOD = "_other"

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_MOST_KNOWN = 4_096
_LONGEST_KNOWN = 256  # characters of a path
_REST = "/{path}"
_MOST_WRAPPERS = 32


def bounded_method(method: str) -> str:
    """Return the method, or ``_other`` for one that a client made up."""
    return method if method in _METHODS else OTHER_METHOD


class RouteTemplates:
    """Finds the full template of a request: prefixes of mounts and included routers are in it.

    It asks the routes themselves, from the outermost router of FastAPI or Starlette, in the order
    in which that would, and remembers what it found for a path. Where an address allows other
    methods only, the template is that of its first route. What an application without routes
    answers below a mount is ``/mount/{path}``.

    Args:
        app: where to look for routes when the request does not say which application it is in.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._known: dict[tuple[str, str], str] = {}

    def find(self, scope: Scope) -> str:
        """Return the template; ``_unmatched`` where there is none. Never raises."""
        key = (scope["method"], scope["path"])
        known = self._known.get(key)
        if known is not None:
            return known
        search = _Search(scope)
        try:
            found = search.run(_outermost_routes(scope, self._app))
        except Exception:  # noqa: BLE001 - of a route class or convertor that is not ours
            return UNMATCHED
        # What nobody knows is not remembered: clients can make up any number of that, and
        # somebody may still add a route for it.
        if found is None:
            return UNMATCHED
        if search.depends_on_path_only and len(key[1]) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = found
        return found


class _Search:
    """One walk from the outermost router down to the route."""

    def __init__(self, scope: Scope) -> None:
        # As the outermost router saw it: mounts have added to the root path since.
        root_path = scope.get("app_root_path", scope.get("root_path", ""))
        self._scope = {**scope, "root_path": root_path, "path_params": {}}
        self._scope.pop("fastapi", None)
        self.depends_on_path_only = True

    def run(self, routes: Sequence[BaseRoute]) -> str | None:
        """Return the template below these routes."""
        first_partial: Any = None
        for route in _each(routes):
            if isinstance(route, Host):
                self.depends_on_path_only = False
            match, child_scope = route.matches(self._scope)
            if match is Match.FULL:
                return self._below(route, child_scope)
            if match is Match.PARTIAL and first_partial is None:
                first_partial = route
        return None if first_partial is None else _template_of(first_partial)

    def _below(self, route: Any, child_scope: Scope) -> str | None:
        if not isinstance(route, Mount | Host):
            return _template_of(route)
        self._scope.update(child_scope)
        inner = _routes_of(route.app)
        if not inner:
            return _template_of(route) if isinstance(route, Mount) else _REST
        found = self.run(inner)
        if found is None or isinstance(route, Host):
            return found
        return _template_of(route).removesuffix(_REST) + found


def _outermost_routes(scope: Scope, app: Any) -> Sequence[BaseRoute]:
    for candidate in (scope.get("router"), scope.get("app"), app):
        routes = _routes_of(candidate)
        if routes is not None:
            return routes
    return ()


def _routes_of(app: Any) -> Sequence[BaseRoute] | None:
    """Return the routes of an application, through the middleware that is around it."""
    for _ in range(_MOST_WRAPPERS):
        routes: Sequence[BaseRoute] | None = getattr(app, "routes", None)
        if routes is not None:
            return routes
        app = getattr(app, "app", None) or getattr(app, "_app", None)
        if app is None:
            break
    return None


def _each(routes: Sequence[BaseRoute]) -> Iterator[Any]:
    """Yield the routes themselves where FastAPI holds a whole included router as one route.

    The path of a route in such a router lacks the prefix; what FastAPI derives from both has it.
    """
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:
            for context in contexts():
                yield context.starlette_route or context


def _template_of(route: Any) -> str:
    template: str = route.path_format
    return template or "/"
