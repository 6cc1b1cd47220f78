"""From a query to what the cache is asked: the name of its answer, and what it depends on.

A query that was planned before in the same state of the schema needs no second plan to be known
as valid: neither the very same object, nor another one with the same JSON.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.known_keys import KnownKeys
from prismiq.domain.rules.relative_dates import relative_until
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_snapshot import SchemaSnapshot
from prismiq.ports.clock import Clock

_LARGEST = 8 * 1024
"""Characters of JSON. Larger queries are rare, and would be most of what is remembered."""


class NamedQuery(NamedTuple):
    """A valid query with the name of its answer."""

    key: str
    tables: frozenset[str] | None
    """Names of all tables the answer depends on; None: it is not to be kept."""


@dataclass(frozen=True, slots=True)
class _Known:
    query: QueryDefinition
    snapshot: SchemaSnapshot
    until: datetime | None
    """When its relative dates begin to mean other days; None: never."""
    named: NamedQuery


class Questions:
    """Names queries. Not for several threads.

    Args:
        queries: says which queries are valid.
        clock: resolves relative dates.
        max_rows: the most rows in one answer.
        max_entries: how many queries are remembered by identity; the one that was used longest
            ago leaves first.
    """

    def __init__(
        self, queries: QueryService, clock: Clock, max_rows: int, *, max_entries: int = 512
    ) -> None:
        self._queries = queries
        self._clock = clock
        self._keys = KnownKeys(max_rows)
        self._max_entries = max_entries
        self._known: OrderedDict[tuple[int, Scope], _Known] = OrderedDict()

    def name(self, query: QueryDefinition, snapshot: SchemaSnapshot, scope: Scope) -> NamedQuery:
        """Return the name of the query's answer, after making sure that the query is valid.

        Raises:
            QueryValidationError: the query does not fit the schema.
        """
        identity = id(query), scope  # an entry holds on to its query: nobody else has that id
        known = self._known.get(identity)
        if known is not None and self._still_holds(known, snapshot):
            self._known.move_to_end(identity)
            return known.named
        named = self._name(query, snapshot, scope)
        if _is_small(query):
            until = relative_until(query, scope, self._clock.now())
            self._known[identity] = _Known(query, snapshot, until, named)
            self._known.move_to_end(identity)
            if len(self._known) > self._max_entries:
                self._known.popitem(last=False)
        return named

    def _still_holds(self, known: _Known, snapshot: SchemaSnapshot) -> bool:
        is_same_schema = known.snapshot is snapshot
        return is_same_schema and (known.until is None or self._clock.now() < known.until)

    def _name(self, query: QueryDefinition, snapshot: SchemaSnapshot, scope: Scope) -> NamedQuery:
        context = snapshot.generation
        now = self._clock.now()
        key = self._keys.find(query, scope=scope, now=now, context=context)
        if key is None:
            self._queries.require_valid(query, snapshot.view, scope)
            key = self._keys.learn(query, scope=scope, now=now, context=context)
        return NamedQuery(key, snapshot.version_names(query.tables))


def _is_small(query: QueryDefinition) -> bool:
    try:
        return len(query.model_dump_json()) <= _LARGEST
    except ValueError:  # a lone surrogate in a table id, where it does no harm
        return False
