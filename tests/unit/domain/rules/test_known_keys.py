from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key
from prismiq.domain.rules.known_keys import KnownKeys

NOON = datetime(2024, 3, 15, 12, tzinfo=UTC)
WHO: dict[str, Any] = {"scope": Scope(), "context": "1"}
NOW: dict[str, Any] = WHO | {"now": NOON}


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
    assert known.find(query(), **NOW) is None
    key = known.learn(query(), **NOW)
    assert key == cache_key(query(), **NOW, max_rows=100)
    assert known.find(query(), **NOW) == key


@pytest.mark.parametrize(
    "changed",
    [
        {"scope": Scope(tenant="acme")},
        {"scope": Scope(claims={"user": "7"})},
        {"scope": Scope(timezone="Europe/Berlin")},
        {"context": "2"},
    ],
)
def test_scope_and_context_are_part_of_it(known: KnownKeys, changed: dict[str, Any]) -> None:
    known.learn(query(), **NOW)
    assert known.find(query(), **(NOW | changed)) is None


def test_a_relative_query_is_known_for_the_day(known: KnownKeys) -> None:
    relative = query(7, "date_relative")
    key = known.learn(relative, **NOW)
    assert known.find(relative, **WHO, now=NOON + timedelta(hours=11)) == key
    assert known.find(relative, **WHO, now=NOON + timedelta(hours=12)) is None
    assert known.find(relative, **WHO, now=NOON - timedelta(hours=13)) is None
    assert known.find(query(), **WHO, now=NOON) is None


def test_a_fixed_query_is_known_for_good(known: KnownKeys) -> None:
    key = known.learn(query(), **NOW)
    assert known.find(query(), **WHO, now=NOON + timedelta(days=1000)) == key


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
    assert known.find(query(value), **NOW) is None
    in_having = query(having=[{"column": "a", "operator": "eq", "value": value}])
    assert known.learn(in_having, **NOW)
    assert known.find(in_having, **NOW) is None
    in_group = query(filters=[{"not": {"or": [{"and": query(value).filters}]}}])
    assert known.learn(in_group, **NOW)
    assert known.find(in_group, **NOW) is None


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
    assert known.find(filled, **NOW) is None


@pytest.mark.parametrize(
    "value", [1, 1.0, True, "1", None, (1, 2.5, "x"), {"start": "2024-01-01", "end": "2024-01-02"}]
)
def test_plain_values_are_known_with_their_types(known: KnownKeys, value: Any) -> None:
    key = known.learn(query(value), **NOW)
    others = [other for other in (1, 1.0, True, "1", None) if repr(other) != repr(value)]
    assert known.find(query(value), **NOW) == key
    assert [known.find(query(other), **NOW) for other in others] == [None] * len(others)


def test_an_id_that_no_json_can_carry_does_no_harm(known: KnownKeys) -> None:
    odd = query(tables=[{"id": "\ud800", "name": "t"}])
    assert known.learn(odd, **NOW)
    assert known.find(odd, **NOW) is None


def test_the_key_used_longest_ago_is_forgotten() -> None:
    known = KnownKeys(max_rows=100, max_entries=2)
    first, second = known.learn(query("a"), **NOW), known.learn(query("b"), **NOW)
    assert known.find(query("a"), **NOW) == first
    known.learn(query("c"), **NOW)
    assert known.find(query("b"), **NOW) is None
    assert known.find(query("a"), **NOW) == first
    assert second not in {known.find(query(name), **NOW) for name in "abc"}
