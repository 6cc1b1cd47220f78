from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key, context_digest
from prismiq.domain.rules.known_keys import KnownKeys

NOON = datetime(2024, 3, 15, 12, tzinfo=UTC)
NOW: dict[str, Any] = {"scope": Scope(), "context": "1", "now": NOON}
WHO = context_digest(Scope(), "1")


def query(value: Any = "x", operator: str = "eq", **parts: Any) -> QueryDefinition:
    given = {
        "tables": [{"id": "t", "name": "t"}],
        "columns": [{"table_id": "t", "column": "a"}],
        "filters": [{"table_id": "t", "column": "a", "operator": operator, "value": value}],
    }
    return QueryDefinition.model_validate(given | parts)


@pytest.fixture
def known() -> KnownKeys:
    return KnownKeys(max_rows=100)


def test_what_was_learnt_is_found(known: KnownKeys) -> None:
    assert known.find(query(), WHO) is None
    learnt = known.learn(query(), **NOW)
    assert learnt.key == cache_key(query(), **NOW, max_rows=100)
    assert known.find(query(), WHO) == learnt


@pytest.mark.parametrize(
    "other",
    [
        context_digest(Scope(tenant="acme"), "1"),
        context_digest(Scope(claims={"user": "7"}), "1"),
        context_digest(Scope(timezone="Europe/Berlin"), "1"),
        context_digest(Scope(), "2"),
    ],
    ids=["tenant", "claims", "timezone", "context"],
)
def test_scope_and_context_are_part_of_it(known: KnownKeys, other: bytes) -> None:
    known.learn(query(), **NOW)
    assert known.find(query(), other) is None


def test_a_relative_query_holds_for_the_day(known: KnownKeys) -> None:
    known.learn(query(7, "date_relative"), **NOW)
    found = known.find(query(7, "date_relative"), WHO)
    assert found is not None
    hours = {-13: False, -1: False, 0: True, 11: True, 12: False, 24: False}
    assert {h: found.holds_at(NOON + timedelta(hours=h)) for h in hours} == hours


def test_a_fixed_query_holds_for_good(known: KnownKeys) -> None:
    learnt = known.learn(query(), **NOW)
    assert learnt.holds_at(NOON + timedelta(days=1000))
    assert learnt.holds_at(NOON - timedelta(days=1000))


def test_every_field_is_part_of_it(known: KnownKeys) -> None:
    """Also those that are at their defaults nearly always."""
    known.learn(query(), **NOW)
    series = {"table_id": "t", "date_column": "a", "interval": "day"}
    join = {"from_table_id": "t", "from_column": "a", "to_table_id": "u", "to_column": "b"}
    changes: list[dict[str, Any]] = [
        {"tables": [{"id": "t", "name": "t", "schema_name": "s"}]},
        {"columns": [{"table_id": "t", "column": "a", "date_trunc": "day"}]},
        {"columns": [{"table_id": "t", "column": "a", "aggregation": "max"}]},
        {"columns": [{"table_id": "t", "column": "a", "alias": "b"}]},
        {"joins": [join]},
        {"group_by": [{"table_id": "t", "column": "a"}]},
        {"having": [{"column": "a", "operator": "gt", "value": 1}]},
        {"order_by": [{"column": "a"}]},
        {"distinct": True},
        {"limit": 5},
        {"offset": 5},
        {"time_series": series},
    ]
    assert set().union(*changes) >= set(QueryDefinition.model_fields) - {"filters"}
    assert [known.find(query(**change), WHO) for change in changes] == [None] * len(changes)


class Word(StrEnum):
    X = "x"


@pytest.mark.parametrize(
    "value",
    [
        Decimal(1),
        date(2024, 1, 1),
        b"x",
        Word.X,
        float("nan"),
        float("inf"),
        (1, Decimal(1)),
        (1.5, float("nan")),
        {"start": date(2024, 1, 1), "end": "2024-01-02"},
        {b"start": "2024-01-01", b"end": "2024-01-02"},
        ((1,), Decimal(1)),
    ],
    ids=repr,
)
def test_values_that_json_cannot_tell_apart_are_never_known(known: KnownKeys, value: Any) -> None:
    assert known.learn(query(value), **NOW)
    assert known.find(query(value), WHO) is None
    in_having = query(having=[{"column": "a", "operator": "eq", "value": value}])
    assert known.learn(in_having, **NOW)
    assert known.find(in_having, WHO) is None
    in_group = query(filters=[{"not": {"or": [{"and": query(value).filters}]}}])
    assert known.learn(in_group, **NOW)
    assert known.find(in_group, WHO) is None


@pytest.mark.parametrize("fill_value", [Decimal("1.50"), float("nan")])
def test_fill_values_are_looked_at(known: KnownKeys, fill_value: Any) -> None:
    filled = query(
        time_series={
            "table_id": "t",
            "date_column": "a",
            "interval": "day",
            "fill_value": fill_value,
        }
    )
    assert known.learn(filled, **NOW)
    assert known.find(filled, WHO) is None


@pytest.mark.parametrize(
    "value", [1, 1.0, True, "1", None, (1, 2.5, "x"), {"start": "2024-01-01", "end": "2024-01-02"}]
)
def test_plain_values_are_known_with_their_types(known: KnownKeys, value: Any) -> None:
    key = known.learn(query(value), **NOW)
    others = [other for other in (1, 1.0, True, "1", None) if repr(other) != repr(value)]
    assert known.find(query(value), WHO) == key
    assert [known.find(query(other), WHO) for other in others] == [None] * len(others)


def test_an_id_that_no_json_can_carry_does_no_harm(known: KnownKeys) -> None:
    odd = query(tables=[{"id": "\ud800", "name": "t"}])
    assert known.learn(odd, **NOW)
    assert known.find(odd, WHO) is None


def test_the_key_used_longest_ago_is_forgotten() -> None:
    known = KnownKeys(max_rows=100, max_entries=2)
    first, second = known.learn(query("a"), **NOW), known.learn(query("b"), **NOW)
    assert known.find(query("a"), WHO) == first
    known.learn(query("c"), **NOW)
    assert known.find(query("b"), WHO) is None
    assert known.find(query("a"), WHO) == first
    assert second not in {known.find(query(name), WHO) for name in "abc"}
