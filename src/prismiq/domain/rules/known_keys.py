"""The names of answers to queries that were seen before, without making their canonical form.

Writing a canonical form costs several times what writing a query as JSON costs, and planning it
costs more. A query whose exact JSON was planned before needs neither.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from math import isfinite
from typing import Any, NamedTuple

from prismiq.domain.model.filters import AllOf, AnyOf, FilterDefinition, FilterNode
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key, context_digest
from prismiq.domain.rules.relative_dates import is_relative, local_day

_PLAIN = frozenset({str, int, bool, type(None)})


class _Known(NamedTuple):
    key: str
    day: date | None
    """The local day for which the key holds; None: every day."""


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
        self._entries: OrderedDict[bytes, _Known] = OrderedDict()

    def find(
        self, query: QueryDefinition, *, scope: Scope, now: datetime, context: str
    ) -> str | None:
        """Return the key that ``learn`` returned for this very query and day, if it is known."""
        name = _name(query, scope, context)
        known = None if name is None else self._entries.get(name)
        if name is None or known is None:
            return None
        if known.day is not None and known.day != local_day(now, scope.timezone):
            return None
        self._entries.move_to_end(name)
        return known.key

    def learn(self, query: QueryDefinition, *, scope: Scope, now: datetime, context: str) -> str:
        """Return the query's key and remember it. Call this for a query that was planned.

        What ``find`` finds is therefore valid in this context. Takes the arguments of
        ``cache_key``, and raises as it does.
        """
        key = cache_key(query, scope=scope, now=now, context=context, max_rows=self._max_rows)
        name = _name(query, scope, context)
        if name is not None:
            day = local_day(now, scope.timezone) if is_relative(query) else None
            self._entries[name] = _Known(key, day)
            self._entries.move_to_end(name)
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return key


def _name(query: QueryDefinition, scope: Scope, context: str) -> bytes | None:
    if not all(map(_is_plain, _values(query))):
        return None
    try:
        written = query.model_dump_json().encode()
    except ValueError:  # a lone surrogate in a table id, where it does no harm
        return None
    return sha256(context_digest(scope, context) + written).digest()


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


def _values(query: QueryDefinition) -> Iterable[Any]:
    """Yield the values of every field that takes more than one type."""
    waiting: list[FilterNode] = list(query.filters)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FilterDefinition):
            yield node.value
        elif isinstance(node, (AllOf, AnyOf)):
            waiting.extend(node.members)
        else:
            waiting.append(node.member)
    for condition in query.having:
        yield condition.value
    if query.time_series is not None:
        yield query.time_series.fill_value
