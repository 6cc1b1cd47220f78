from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from prismiq.domain.model.plan import Aggregate, Column, Comparison, Constant, QueryPlan
from prismiq.domain.model.type_family import TypeFamily

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]

DELAY = Column(0, "dep_delay", "integer", TypeFamily.INTEGER)
AVERAGE = {"table_id": "f", "column": "dep_delay", "aggregation": "avg"}
CARRIER = {"table_id": "f", "column": "carrier"}
LARGE = Comparison(
    Aggregate("avg", DELAY), ">", Constant(Decimal(10), "numeric", TypeFamily.NUMERIC)
)


def test_a_condition_names_an_aggregate_by_its_alias(plan: Plan) -> None:
    planned = plan(
        CARRIER,
        AVERAGE | {"alias": "delay"},
        having=[{"column": "delay", "operator": "gt", "value": 10}],
    )

    assert planned.having == LARGE


def test_a_condition_spells_an_aggregate_that_is_not_shown(plan: Plan) -> None:
    assert plan(CARRIER, having=[AVERAGE | {"operator": "gt", "value": 10}]).having == LARGE


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({"column": "dely"}, ("unknown_alias", "having[0].column")),
        ({"column": "carrier"}, ("unknown_alias", "having[0].column")),
        (CARRIER, ("having_needs_aggregate", "having[0].aggregation")),
        (
            {"table_id": "f", "column": "carrier", "aggregation": "sum"},
            ("aggregation_not_supported", "having[0].aggregation"),
        ),
        ({"column": "delay", "value": "x"}, ("wrong_type", "having[0].value")),
    ],
)
def test_a_condition_that_makes_no_sense_is_named(
    refuse: Refuse, condition: dict[str, Any], problem: tuple[str, str]
) -> None:
    problems = refuse(
        CARRIER,
        AVERAGE | {"alias": "delay"},
        having=[{"operator": "gt", "value": 10} | condition],
    )

    assert problems == [problem]
