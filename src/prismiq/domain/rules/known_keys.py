"""The names of answers to queries that were seen before, without making their canonical form.

Writing a canonical form costs several times what writing a query as JSON costs, and planning it
costs more. A query whose exact JSON was planned before needs neither.
"""

from collections import OrderedDict
from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from prismiq.domain.model.filters import AllOf, AnyOf, FilterDefinition, FilterNode
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key, context_digest
from prismiq.domain.rules.relative_dates import relative_until

_PLAIN = frozenset({str, int, bool, type(None)})

_as_json = TypeAdapter(QueryDefinition).dump_json  # bytes at once, for less than as text


class KnownKey(NamedTuple):
    """The name of an answer, and when the query means this answer."""

    key: str
    since: datetime
    until: datetime | None
    """When its relative dates begin to mean other days, excluded; None: never."""

    def holds_at(self, now: datetime) -> bool:
        """Return whether the query means this answer at a moment."""
        return self.until is None or self.since <= now < self.until


class KnownKeys:
    """Keys by the exact JSON of the query, the scope and the context. Not for several threads.

    Equality of models would not do: in Python ``1 == 1.0 == True``, and in a model's JSON
    ``Decimal("1")`` is ``"1"``. Queries with such values, which JSON cannot tell apart, are never
    known; those that came as JSON have none.

    Args:
        max_rows: the most rows in one answer.
        max_entries: how many keys are kept, at about 400 bytes each; the one that was used
            longest ago leaves first.
    """

    def __init__(self, max_rows: int, max_entries: int = 8192) -> None:
        self._max_rows = max_rows
        self._max_entries = max_entries
        self._entries: OrderedDict[bytes, KnownKey] = OrderedDict()

    def find(self, query: QueryDefinition, digest: bytes) -> KnownKey | None:
        """Return what ``learn`` returned last for this very query; see when it holds.

        ``digest`` is ``context_digest`` of the scope and the context.
        """
        name = _name(query, digest)
        if name is None or (known := self._entries.get(name)) is None:
            return None
        self._entries.move_to_end(name)
        return known

    def learn(
        self, query: QueryDefinition, *, scope: Scope, now: datetime, context: str
    ) -> KnownKey:
        """Return the query's key and remember it. Call this for a query that was planned.

        What ``find`` finds is therefore valid in this context. Takes the arguments of
        ``cache_key``, and raises as it does.
        """
        key = cache_key(query, scope=scope, now=now, context=context, max_rows=self._max_rows)
        known = KnownKey(key, now, relative_until(query, scope, now))
        name = _name(query, context_digest(scope, context))
        if name is not None:
            self._entries[name] = known
            self._entries.move_to_end(name)
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return known


def _name(query: QueryDefinition, digest: bytes) -> bytes | None:
    if not _shows_types(query):
        return None
    try:
        written = _as_json(query)
    except ValueError:  # a lone surrogate in a table id, where it does no harm
        return None
    return sha256(digest + written).digest()


def _shows_types(query: QueryDefinition) -> bool:
    """Whether JSON shows the type of every value whose field takes more than one."""
    waiting: list[FilterNode] = list(query.filters)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FilterDefinition):
            if not _is_plain(node.value):
                return False
        elif isinstance(node, (AllOf, AnyOf)):
            waiting.extend(node.members)
        else:
            waiting.append(node.member)
    series = query.time_series
    if series is not None and not _is_plain(series.fill_value):
        return False
    return all(_is_plain(condition.value) for condition in query.having)


def _is_plain(value: Any) -> bool:
    """Whether JSON shows the value's type. NaN and infinity it shows as null."""
    if type(value) in _PLAIN:
        return True
    if type(value) is float:
        return isfinite(value)
    if type(value) is tuple:
        return _PLAIN.issuperset(map(type, value)) or all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    return False
