from collections.abc import Callable, Collection
from typing import get_args

import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.domain.model.plan import (
    Aggregate,
    Column,
    Expression,
    Output,
    QueryPlan,
    Source,
    Truncation,
)
from prismiq.domain.model.query import Aggregation, TimeUnit
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.type_family import TypeFamily as F

AMOUNT = Column(0, "amount", "numeric", F.NUMERIC)
DAY = Column(0, "day", "date", F.DATE)
NOTED = Column(0, "noted", "timestamp without time zone", F.TIMESTAMP)
MADE = Column(0, "made", "timestamp with time zone", F.TIMESTAMPTZ)
HOSTILE = Column(0, 'a"b; -- $1 ✈️\n', "text", F.TEXT)

UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)
OF_NUMBERS: tuple[Aggregation, ...] = (
    *("sum", "avg", "count", "count_distinct", "min", "max", "median", "stddev", "variance"),
)

CASES: dict[str, tuple[Expression, ...]] = {
    "columns": (AMOUNT, DAY, HOSTILE),
    "truncated_dates": tuple(Truncation(DAY, unit, None) for unit in UNITS[2:]),
    "truncated_timestamps": tuple(Truncation(NOTED, unit, None) for unit in UNITS),
    "truncated_in_a_zone": tuple(Truncation(MADE, unit, "Asia/Kolkata") for unit in UNITS),
    "truncated_in_two_zones": (
        Truncation(MADE, "day", "Europe/Berlin"),
        Truncation(MADE, "day", "America/New_York"),
        Truncation(MADE, "hour", "Europe/Berlin"),
    ),
    "count_of_rows": (Aggregate("count", None),),
    "aggregates": tuple(Aggregate(function, AMOUNT) for function in OF_NUMBERS),
    "percentiles": (
        Aggregate("percentile", AMOUNT, 0.95),
        Aggregate("percentile", AMOUNT, 0),
        Aggregate("percentile", AMOUNT, 1),
    ),
    "aggregate_of_a_truncation": (
        Aggregate("count_distinct", Truncation(MADE, "day", "Europe/Berlin")),
        Aggregate("max", Truncation(DAY, "month", None)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_expression(
    name: str, assert_compiled: Callable[[str, CompiledQuery, Collection[str]], None]
) -> None:
    expressions = CASES[name]
    plan = QueryPlan(
        sources=(Source("public", "orders"),),
        joins=(),
        outputs=tuple(Output("'; --", expression, "text", F.TEXT) for expression in expressions),
        predicate=None,
        grouping=None,
        having=None,
        ordering=(),
        distinct=False,
        limit=10,
        offset=0,
    )
    compiled = PostgresCompiler().compile(plan)
    assert compiled.column_count == len(expressions)
    names = {"public", "orders", "amount", "day", "noted", "made", HOSTILE.name}
    assert_compiled(name, compiled, names)
