"""From a query to what the cache is asked: the name of its answer, and what it depends on.

A query that was planned before in the same state of the schema needs no second plan to be known
as valid: neither the very same object, nor another one with the same JSON.
"""

from typing import NamedTuple, TypeAlias
from weakref import ref

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import context_digest
from prismiq.domain.rules.known_keys import KnownKey, KnownKeys
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_snapshot import SchemaSnapshot
from prismiq.ports.clock import Clock


class NamedQuery(NamedTuple):
    """A valid query with the name of its answer."""

    key: str
    tables: frozenset[str] | None
    """Names of all tables the answer depends on; None: it is not to be kept."""


_Known: TypeAlias = tuple[ref[QueryDefinition], ref[SchemaSnapshot], KnownKey, NamedQuery]
"""A query that was named, in which schema, and its name. Neither of the two is kept alive.

A plain tuple, because one is made for every new object.
"""


class Questions:
    """Names queries. Not for several threads.

    Args:
        queries: says which queries are valid.
        clock: resolves relative dates.
        max_rows: the most rows in one answer.
        max_entries: how many queries are remembered by identity, before all of them are named
            anew.
    """

    def __init__(
        self, queries: QueryService, clock: Clock, max_rows: int, *, max_entries: int = 4096
    ) -> None:
        self._queries = queries
        self._clock = clock
        self._keys = KnownKeys(max_rows)
        self._max_entries = max_entries
        self._known: dict[tuple[int, bytes], _Known] = {}
        self._latest: tuple[Scope, SchemaSnapshot, bytes] | None = None

    def name(self, query: QueryDefinition, snapshot: SchemaSnapshot, scope: Scope) -> NamedQuery:
        """Return the name of the query's answer, after making sure that the query is valid.

        Raises:
            QueryValidationError: the query does not fit the schema.
        """
        digest = self._digest(scope, snapshot)
        known = self._known.get((id(query), digest))
        if known is not None:
            known_query, known_snapshot, key, named = known
            # Another query may have had the id before.
            is_same = known_query() is query and known_snapshot() is snapshot
            if is_same and (key.until is None or key.holds_at(self._clock.now())):
                return named
        key = self._key(query, digest, snapshot, scope)
        named = NamedQuery(key.key, snapshot.version_names(query.tables))
        if len(self._known) >= self._max_entries:
            self._known.clear()  # to put them in order of use costs more than it saves
        self._known[id(query), digest] = (ref(query), ref(snapshot), key, named)
        return named

    def _digest(self, scope: Scope, snapshot: SchemaSnapshot) -> bytes:
        """Many callers have one scope: to see that it is the same costs less than its hash."""
        latest = self._latest
        if latest is not None and latest[0] is scope and latest[1] is snapshot:
            return latest[2]
        digest = context_digest(scope, snapshot.generation)
        self._latest = scope, snapshot, digest
        return digest

    def _key(
        self, query: QueryDefinition, digest: bytes, snapshot: SchemaSnapshot, scope: Scope
    ) -> KnownKey:
        known = self._keys.find(query, digest)
        if known is not None and (known.until is None or known.holds_at(self._clock.now())):
            return known
        self._queries.require_valid(query, snapshot.view, scope)
        now = self._clock.now()
        return self._keys.learn(query, scope=scope, now=now, context=snapshot.generation)
