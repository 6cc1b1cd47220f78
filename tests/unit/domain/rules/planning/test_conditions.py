from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from prismiq.domain.model.plan import (
    Column,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    Membership,
    Negation,
    NullTest,
    PatternMatch,
    Predicate,
    QueryPlan,
    Range,
)
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]

CARRIER = {"table_id": "f", "column": "carrier"}
CARRIER_COLUMN = Column(0, "carrier", "text", TypeFamily.TEXT)
DELAY_COLUMN = Column(0, "dep_delay", "integer", TypeFamily.INTEGER)
DAY_COLUMN = Column(0, "day", "date", TypeFamily.DATE)


def text(value: Any) -> Constant:
    return Constant(value, "text", TypeFamily.TEXT)


def number(value: int) -> Constant:
    return Constant(value, "integer", TypeFamily.INTEGER)


def day(value: date) -> Constant:
    return Constant(value, "date", TypeFamily.DATE)


def where(column: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"table_id": "f", "column": column, "operator": operator, "value": value}


TEXTS = Constant(("AA", "UA"), "text[]", TypeFamily.ARRAY)
JULY = Range(DAY_COLUMN, day(date(2013, 7, 1)), day(date(2013, 8, 1)), upper_included=False)
LAST_WEEK_OF_DAYS = Range(
    DAY_COLUMN, day(date(2013, 7, 4)), day(date(2013, 7, 11)), upper_included=False
)


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [
        (where("dep_delay", "eq", 1), Comparison(DELAY_COLUMN, "=", number(1))),
        (where("dep_delay", "neq", 1), Comparison(DELAY_COLUMN, "<>", number(1))),
        (where("dep_delay", "gt", 1), Comparison(DELAY_COLUMN, ">", number(1))),
        (where("dep_delay", "gte", 1), Comparison(DELAY_COLUMN, ">=", number(1))),
        (where("dep_delay", "lt", 1), Comparison(DELAY_COLUMN, "<", number(1))),
        (where("dep_delay", "lte", 1), Comparison(DELAY_COLUMN, "<=", number(1))),
        (where("carrier", "in_", ["AA", "UA"]), Membership(CARRIER_COLUMN, TEXTS)),
        (
            where("carrier", "not_in", ["AA", "UA"]),
            Membership(CARRIER_COLUMN, TEXTS, negated=True),
        ),
        (
            where("carrier", "in_or_null", ["AA", "UA"]),
            Disjunction((Membership(CARRIER_COLUMN, TEXTS), NullTest(CARRIER_COLUMN))),
        ),
        (where("carrier", "like", "U%"), PatternMatch(CARRIER_COLUMN, text("U%"))),
        (
            where("carrier", "ilike", "u%"),
            PatternMatch(CARRIER_COLUMN, text("u%"), ignore_case=True),
        ),
        (
            where("carrier", "not_like", "U%"),
            PatternMatch(CARRIER_COLUMN, text("U%"), negated=True),
        ),
        (
            where("carrier", "not_ilike", "u%"),
            PatternMatch(CARRIER_COLUMN, text("u%"), ignore_case=True, negated=True),
        ),
        (
            where("dep_delay", "between", [1, 5]),
            Range(DELAY_COLUMN, number(1), number(5), upper_included=True),
        ),
        (where("carrier", "is_null"), NullTest(CARRIER_COLUMN)),
        (where("carrier", "is_not_null"), NullTest(CARRIER_COLUMN, negated=True)),
        (where("day", "date_relative", 7), LAST_WEEK_OF_DAYS),
        (where("day", "not_date_relative", 7), Negation(LAST_WEEK_OF_DAYS)),
        (where("day", "date_window", "this_month"), JULY),
        (where("day", "date_window", {"start": "2013-07-01", "end": "2013-08-01"}), JULY),
    ],
)
def test_every_operator_becomes_a_predicate(
    plan: Plan, condition: dict[str, Any], predicate: Predicate
) -> None:
    assert plan(CARRIER, filters=[condition]).predicate == predicate


def test_days_begin_in_the_zone_of_the_scope(plan: Plan) -> None:
    today = plan(
        CARRIER, zone="Asia/Tokyo", filters=[where("time_hour", "date_window", "today")]
    ).predicate

    assert isinstance(today, Range)
    assert today.lower.value == datetime(2013, 7, 9, 15, tzinfo=UTC)
    assert today.upper.value == datetime(2013, 7, 10, 15, tzinfo=UTC)


def test_filters_are_joined_by_and(plan: Plan) -> None:
    predicate = plan(
        CARRIER, filters=[where("dep_delay", "gt", 1), where("dep_delay", "lt", 5)]
    ).predicate

    assert predicate == Conjunction(
        (Comparison(DELAY_COLUMN, ">", number(1)), Comparison(DELAY_COLUMN, "<", number(5)))
    )


def test_groups_nest(plan: Plan) -> None:
    late, early = where("dep_delay", "gt", 60), where("dep_delay", "lt", -10)
    nested = {"or": [late, {"and": [early, {"not": where("carrier", "eq", "UA")}]}]}

    assert plan(CARRIER, filters=[nested]).predicate == Disjunction(
        (
            Comparison(DELAY_COLUMN, ">", number(60)),
            Conjunction(
                (
                    Comparison(DELAY_COLUMN, "<", number(-10)),
                    Negation(Comparison(CARRIER_COLUMN, "=", text("UA"))),
                )
            ),
        )
    )


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (where("carier", "eq", "UA"), ("column_not_found", "filters[0].column")),
        (where("dep_delay", "eq", True), ("wrong_type", "filters[0].value")),
        (where("dep_delay", "eq", 2**70), ("value_out_of_range", "filters[0].value")),
        (where("day", "eq", "abc"), None),
        (where("distance", "eq", float("nan")), ("value_not_finite", "filters[0].value")),
        (where("carrier", "eq", "a\x00"), ("nul_character", "filters[0].value")),
        (where("carrier", "eq", "\ud800"), ("invalid_unicode", "filters[0].value")),
        (where("carrier", "eq", None), ("null_value", "filters[0].value")),
        (where("carrier", "in_", []), ("empty_list", "filters[0].value")),
        (where("carrier", "in_", ["AA", 1]), ("wrong_type", "filters[0].value[1]")),
        (where("carrier", "in_", "AA"), ("wrong_type", "filters[0].value")),
        (where("carrier", "in_", ["A"] * 100_000), ("list_too_long", "filters[0].value")),
        (where("carrier", "is_null", 1), ("value_not_expected", "filters[0].value")),
        (where("dep_delay", "between", [1]), ("wrong_type", "filters[0].value")),
        (where("dep_delay", "like", "1%"), ("operator_not_supported", "filters[0].operator")),
        (where("note", "eq", "{}"), ("operator_not_supported", "filters[0].operator")),
        (where("carrier", "date_relative", 7), ("operator_not_supported", "filters[0].operator")),
        (where("day", "date_relative", 0), ("value_out_of_range", "filters[0].value")),
        (where("day", "date_window", "last_wek"), ("unknown_preset", "filters[0].value")),
        ({"or": []}, ("empty_group", "filters[0].or")),
        (
            {"or": [where("dep_delay", "eq", 1), {"not": where("dep_delay", "eq", "x")}]},
            ("wrong_type", "filters[0].or[1].not.value"),
        ),
    ],
)
def test_a_condition_that_does_not_fit_is_named(
    refuse: Refuse, condition: dict[str, Any], problem: tuple[str, str] | None
) -> None:
    [found] = refuse(CARRIER, filters=[condition])

    assert problem is None or found == problem


def test_all_problems_are_reported_at_once(refuse: Refuse) -> None:
    problems = refuse(
        CARRIER,
        filters=[where("carier", "eq", 1), where("dep_delay", "eq", "x")],
        order_by=[{"column": "nothing"}],
        limit=0,
    )

    assert [field for _, field in problems] == [
        "limit",
        "filters[0].column",
        "filters[1].value",
        "order_by[0].column",
    ]


def test_filters_have_a_largest_number(refuse: Refuse) -> None:
    conditions = [where("dep_delay", "gt", 1)] * 101

    assert refuse(CARRIER, filters=[{"or": conditions}]) == [("too_many_filters", "filters")]


def test_groups_have_a_deepest_level(plan: Plan, refuse: Refuse) -> None:
    def nested(levels: int) -> dict[str, Any]:
        node = where("dep_delay", "gt", 1)
        for _ in range(levels - 1):
            node = {"not": node}
        return node

    plan(CARRIER, filters=[nested(10)])
    assert refuse(CARRIER, filters=[nested(11)]) == [("filters_too_deep", "filters")]


def test_enum_labels_are_checked(refuse: Refuse) -> None:
    problems = refuse(
        {"table_id": "p", "column": "seats"},
        tables=[{"id": "p", "name": "planes"}],
        filters=[{"table_id": "p", "column": "size", "operator": "eq", "value": "smal"}],
    )

    assert len(problems) == 1


def test_long_texts_are_refused(refuse: Refuse) -> None:
    problems = refuse(
        CARRIER,
        limits=QueryLimits(max_text_length=3),
        filters=[where("carrier", "eq", "abcd")],
    )

    assert problems == [("value_too_long", "filters[0].value")]


def test_digits_of_a_decimal_are_kept(plan: Plan) -> None:
    predicate = plan(
        {"table_id": "w", "column": "origin"},
        tables=[{"id": "w", "name": "weather"}],
        filters=[
            {"table_id": "w", "column": "temp", "operator": "eq", "value": "0.12345678901234567890"}
        ],
    ).predicate

    assert isinstance(predicate, Comparison)
    assert predicate.value.value == Decimal("0.12345678901234567890")


def test_lists_may_not_have_too_many_values_together(plan: Plan, refuse: Refuse) -> None:
    limits = QueryLimits(max_list_length=3, max_listed_values=5)
    three = {"table_id": "f", "column": "flight", "operator": "in_", "value": [1, 2, 3]}
    two = {"table_id": "f", "column": "flight", "operator": "not_in", "value": [1, 2]}
    count = {"table_id": "f", "column": "*", "aggregation": "count"}
    most = {
        "column": "count",
        "operator": "in_",
        "value": [1],
    }
    plan(count, filters=[three, two], limits=limits)
    assert refuse(count, filters=[three, {"not": three}], limits=limits) == [
        ("too_many_values", "filters[1].not.value")
    ]
    assert refuse(count, filters=[three, two], having=[most], limits=limits) == [
        ("too_many_values", "having[0].value")
    ]
    assert refuse(count, filters=[{**three, "value": [1] * 4}], limits=limits) == [
        ("list_too_long", "filters[0].value")
    ]
