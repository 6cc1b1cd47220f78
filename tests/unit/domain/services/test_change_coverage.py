from collections.abc import Mapping

import pytest

from prismiq.domain.model.relation_kind import RelationKind
from prismiq.domain.services.change_coverage import Coverage, coverage_of, listed
from prismiq.ports.change_triggers import TriggeredTable, TriggerPlace
from prismiq.ports.dependency_source import TableDependencies, TableName

A, B, PART, VIEW, SUMS = (("public", name) for name in ("a", "b", "b_1", "v", "sums"))


def triggered(
    places: Mapping[TableName, bool], kind: RelationKind = RelationKind.TABLE
) -> TriggeredTable:
    members = [TriggerPlace(name, kind, announces, True) for name, announces in places.items()]
    return TriggeredTable(kind, is_system=False, root=None, places=tuple(members))


DEPENDENCIES = TableDependencies(
    reads={
        A: frozenset({A}),
        B: frozenset({B}),
        VIEW: frozenset({A, B}),
        SUMS: frozenset({SUMS}),
        ("public", "constant"): frozenset(),
        ("public", "random"): None,
    },
    roots={PART: B},
)
MATERIALIZED = triggered({SUMS: False}, RelationKind.MATERIALIZED_VIEW)


@pytest.mark.parametrize(
    ("name", "places", "coverage", "reason", "to_install"),
    [
        (A, {A: True}, Coverage.INSTALLED, "", ()),
        (A, {A: False}, Coverage.MISSING, "", (A,)),
        (B, {B: True, PART: True}, Coverage.INSTALLED, "", ()),
        (B, {B: True, PART: False}, Coverage.PARTIAL, "missing on public.b_1", (B,)),
        (VIEW, {A: True, B: False, PART: False}, Coverage.PARTIAL, None, (B,)),
        (VIEW, {A: False, B: False}, Coverage.MISSING, "it reads public.a, public.b", (A, B)),
        (("public", "constant"), {}, Coverage.INSTALLED, "", ()),
        (("public", "random"), {}, Coverage.IMPOSSIBLE, None, ()),
        (SUMS, {}, Coverage.IMPOSSIBLE, None, ()),
        (("public", "unknown"), {}, Coverage.IMPOSSIBLE, None, ()),
    ],
)
def test_a_table_is_covered_as_far_as_all_it_reads(
    name: TableName,
    places: Mapping[TableName, bool],
    coverage: Coverage,
    reason: str | None,
    to_install: tuple[TableName, ...],
) -> None:
    of_b = {place: announces for place, announces in places.items() if place != A}
    found = {A: triggered({A: places.get(A, False)}), B: triggered(of_b), SUMS: MATERIALIZED}
    told = coverage_of(name, DEPENDENCIES, found)
    assert (told.name, told.coverage, told.to_install) == (name, coverage, to_install)
    assert bool(told.reason) if reason is None else told.reason == reason


def test_a_table_that_went_away_meanwhile_is_not_called_covered() -> None:
    assert coverage_of(A, DEPENDENCIES, {}).coverage is Coverage.IMPOSSIBLE


def test_of_many_names_the_first_are_listed() -> None:
    assert listed([A, B]) == "public.a, public.b"
    assert listed([A] * 5) == "public.a, public.a, public.a and 2 more"
