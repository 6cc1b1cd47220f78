from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.plan import Join, QueryPlan

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]


CARRIER = {"table_id": "f", "column": "carrier"}
F = {"id": "f", "name": "flights"}
A = {"id": "a", "name": "airlines"}
P = {"id": "p", "name": "planes"}


def join(left: str, left_column: str, right: str, right_column: str, **more: Any) -> dict[str, Any]:
    return {
        "from_table_id": left,
        "from_column": left_column,
        "to_table_id": right,
        "to_column": right_column,
    } | more


def shape(joins: tuple[Join, ...]) -> list[tuple[str, int, list[tuple[str, str]]]]:
    return [(j.kind, j.source, [(a.name, b.name) for a, b in j.pairs]) for j in joins]


def test_joins_are_taken_in_the_order_in_which_they_connect(plan: Plan) -> None:
    planned = plan(
        CARRIER,
        tables=[F, A, P],
        joins=[join("f", "carrier", "a", "carrier"), join("f", "tailnum", "p", "tailnum")],
    )

    assert shape(planned.joins) == [
        ("INNER", 1, [("carrier", "carrier")]),
        ("INNER", 2, [("tailnum", "tailnum")]),
    ]


@pytest.mark.parametrize(
    ("written", "planned_as"),
    [("LEFT", "RIGHT"), ("RIGHT", "LEFT"), ("INNER", "INNER"), ("FULL", "FULL")],
)
def test_a_join_written_towards_the_first_table_is_mirrored(
    plan: Plan, written: str, planned_as: str
) -> None:
    planned = plan(
        CARRIER, tables=[F, A], joins=[join("a", "carrier", "f", "carrier", join_type=written)]
    )

    assert shape(planned.joins) == [(planned_as, 1, [("carrier", "carrier")])]


def test_a_composite_key_is_one_join_of_several_pairs(plan: Plan) -> None:
    planned = plan(
        CARRIER,
        tables=[F, {"id": "w", "name": "weather"}],
        joins=[
            join(
                "f", "origin", "w", "origin",
                on=[{"from_column": "time_hour", "to_column": "time_hour"}],
            )
        ],
    )  # fmt: skip

    assert shape(planned.joins) == [
        ("INNER", 1, [("origin", "origin"), ("time_hour", "time_hour")])
    ]


def test_a_table_joins_itself_under_two_ids(plan: Plan) -> None:
    planned = plan(
        CARRIER,
        tables=[F, {"id": "g", "name": "flights"}],
        joins=[join("f", "dest", "g", "origin")],
    )

    assert [source.table_name for source in planned.sources] == ["flights", "flights"]


def test_tables_without_a_join_are_refused(refuse: Refuse) -> None:
    assert refuse(CARRIER, tables=[F, A]) == [("disconnected_tables", "joins")]


def test_two_islands_are_refused(refuse: Refuse) -> None:
    problems = refuse(
        CARRIER,
        tables=[F, A, P, {"id": "q", "name": "planes"}],
        joins=[join("f", "carrier", "a", "carrier"), join("p", "tailnum", "q", "tailnum")],
    )

    assert problems == [("disconnected_tables", "joins")]


def test_a_second_path_between_two_tables_is_refused(refuse: Refuse) -> None:
    problems = refuse(
        CARRIER,
        tables=[F, A],
        joins=[join("f", "carrier", "a", "carrier"), join("a", "name", "f", "origin")],
    )

    assert problems == [("redundant_join", "joins[1]")]


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (join("f", "carrier", "f", "origin"), ("join_to_itself", "joins[0].to_table_id")),
        (join("f", "carrier", "x", "carrier"), ("unknown_table_id", "joins[0].to_table_id")),
        (join("f", "carier", "a", "carrier"), ("column_not_found", "joins[0].from_column")),
        (join("f", "flight", "a", "carrier"), ("join_type_mismatch", "joins[0]")),
        (join("f", "note", "a", "carrier"), ("join_type_mismatch", "joins[0]")),
        (
            join("f", "carrier", "a", "carrier", on=[{"from_column": "x", "to_column": "name"}]),
            ("column_not_found", "joins[0].on[0].from_column"),
        ),
    ],
)
def test_a_broken_join_is_named(
    refuse: Refuse, broken: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert problem in refuse(CARRIER, tables=[F, A], joins=[broken])


def test_numbers_of_different_types_join(plan: Plan) -> None:
    planned = plan(
        CARRIER,
        tables=[F, {"id": "w", "name": "weather"}],
        joins=[join("f", "dep_delay", "w", "temp")],
    )

    assert len(planned.joins) == 1
