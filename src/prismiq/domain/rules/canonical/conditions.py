"""Conditions without the order and the nesting that do not change what they say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prismiq.domain.model.filters import (
    AllOf,
    AnyOf,
    FilterDefinition,
    FilterNode,
    FilterOperator,
    Not,
)
from prismiq.domain.rules.canonical.sources import TableNumbers
from prismiq.domain.rules.canonical.texts import sequence_of, set_of, text_of
from prismiq.domain.rules.relative_dates import resolve_relative


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where "today" is."""

    now: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class _Form:
    """A condition's text, and what a group around it needs to know."""

    kind: str
    text: str
    members: frozenset[str] = frozenset()
    """The texts of a group's members."""
    negated: "_Form | None" = None
    """What a NOT denies."""


class ConditionForms:
    """Canonical forms of one query's conditions.

    Args:
        numbers: the query's tables.
        moment: resolves relative dates.
        keeps_groups: whether a group must stay a group although it says what its one member
            says. The bounds of gap filling are read from plain conditions at the top only, so
            that ``{"or": [x]}`` and ``{"not": {"not": x}}`` show other buckets than ``x``.
    """

    def __init__(self, numbers: TableNumbers, moment: Moment, *, keeps_groups: bool) -> None:
        self._numbers = numbers
        self._moment = moment
        self._keeps_groups = keeps_groups

    def all_of(self, filters: Iterable[FilterNode]) -> str:
        """Return the form of the top-level filters, which are joined by AND."""
        return set_of("filters", _members("and", map(self._form, filters)))

    def condition(self, subject: str, operator: FilterOperator, value: Any) -> str:
        """Return the form of one condition on ``subject``, which is canonical already."""
        days = resolve_relative(operator, value, self._moment.now, self._moment.timezone)
        if days is not None:
            start, end = days
            value = {"start": start.isoformat(), "end": end.isoformat()}
            operator = "not_date_relative" if operator == "not_date_relative" else "date_window"
        if operator in ("in_", "not_in", "in_or_null") and isinstance(value, tuple):
            return sequence_of(operator, [subject, set_of("set", map(text_of, value))])
        return sequence_of(operator, [subject, text_of(value)])

    def _form(self, node: FilterNode) -> _Form:
        match node:
            case FilterDefinition():
                subject = sequence_of("", [self._numbers[node.table_id], text_of(node.column)])
                return _Form("filter", self.condition(subject, node.operator, node.value))
            case Not():
                return self._negation(self._form(node.member))
            case AllOf():
                return self._group("and", node.members)
            case AnyOf():
                return self._group("or", node.members)

    def _negation(self, form: _Form) -> _Form:
        """NOT twice says nothing: what is unknown stays unknown under it."""
        if form.negated is not None and not self._keeps_groups:
            return form.negated
        return _Form("not", sequence_of("not", [form.text]), negated=form)

    def _group(self, kind: str, nodes: Iterable[FilterNode]) -> _Form:
        """Members have no order, count once, and take those of nested groups of the same kind."""
        forms = {form.text: form for form in map(self._form, nodes)}
        if len(forms) == 1 and (kind == "and" or not self._keeps_groups):
            return next(iter(forms.values()))
        members = _members(kind, forms.values())
        return _Form(kind, set_of(kind, members), members)


def _members(kind: str, forms: Iterable[_Form]) -> frozenset[str]:
    """An empty group is no valid one, and stays to be seen."""
    return frozenset[str]().union(
        *(form.members if form.kind == kind and form.members else {form.text} for form in forms)
    )
