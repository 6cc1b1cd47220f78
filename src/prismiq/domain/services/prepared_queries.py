"""Plans and statements of queries that are asked again and again.

Planning and compiling cost more processor time than everything else that happens to a query in
this process. Dashboards ask the same few queries for every viewer.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.planning.planner import plan_query
from prismiq.domain.rules.relative_dates import relative_until
from prismiq.domain.rules.schema_view import SchemaView
from prismiq.ports.clock import Clock
from prismiq.ports.query_compiler import QueryCompiler

_LARGEST = 16 * 1024
"""Characters and list members. Larger queries are rare, and would be most of what is kept."""


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A query with its plan and its statement, and all that they depend on."""

    query: QueryDefinition
    view: SchemaView
    timezone: str
    until: datetime | None
    """When its relative dates begin to mean other days; None: never."""
    plan: QueryPlan
    compiled: CompiledQuery


class PreparedQueries:
    """Prepares queries, and keeps what it prepared last. Not for several threads.

    A query is known by identity: comparing two of them costs as much as planning one, and Python
    holds ``1`` and ``True`` for equal. Tenant and claims do not matter here: they change what
    the database shows, not what it is asked.

    Args:
        compiler: turns plans into statements.
        clock: resolves relative dates.
        limits: how large a query may be.
        max_entries: how many are kept; the one that was used longest ago leaves first.
    """

    def __init__(
        self,
        compiler: QueryCompiler,
        clock: Clock,
        limits: QueryLimits,
        *,
        max_entries: int = 256,
    ) -> None:
        self._compiler = compiler
        self._clock = clock
        self._limits = limits
        self._max_entries = max_entries
        self._entries: OrderedDict[int, PreparedQuery] = OrderedDict()

    def prepare(self, query: QueryDefinition, view: SchemaView, scope: Scope) -> PreparedQuery:
        """Return the plan and the statement of a query.

        Raises:
            QueryValidationError: the query does not fit the view.
        """
        # The entry holds on to its query, so no other object can have taken its id.
        known = self._entries.get(id(query))
        if known is not None and self._still_holds(known, view, scope):
            self._entries.move_to_end(id(query))
            return known
        prepared = self._prepare(query, view, scope)
        if _size_of(prepared.compiled) <= _LARGEST:
            self._entries[id(query)] = prepared
            self._entries.move_to_end(id(query))
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return prepared

    def _still_holds(self, known: PreparedQuery, view: SchemaView, scope: Scope) -> bool:
        return (
            known.view is view
            and known.timezone == scope.timezone
            and (known.until is None or self._clock.now() < known.until)
        )

    def _prepare(self, query: QueryDefinition, view: SchemaView, scope: Scope) -> PreparedQuery:
        now = self._clock.now()
        plan = plan_query(query, view, self._limits, scope, now)
        return PreparedQuery(
            query=query,
            view=view,
            timezone=scope.timezone,
            until=relative_until(query, scope, now),
            plan=plan,
            compiled=self._compiler.compile(plan),
        )


def _size_of(compiled: CompiledQuery) -> int:
    sizes = (len(value) for value in compiled.parameters if isinstance(value, (str, tuple, bytes)))
    return len(compiled.sql) + sum(sizes)
