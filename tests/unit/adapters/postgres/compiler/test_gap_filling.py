from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.domain.model.plan import (
    Aggregate,
    Column,
    Constant,
    GapFilling,
    Ordering,
    Output,
    QueryPlan,
    Source,
    Truncation,
)
from prismiq.domain.model.query import TimeUnit
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.type_family import TypeFamily as F

Check = Callable[[str, CompiledQuery, Collection[str]], None]

DAY = Column(0, "day", "date", F.DATE)
NOTED = Column(0, "noted", "timestamp without time zone", F.TIMESTAMP)
MADE = Column(0, "made", "timestamp with time zone", F.TIMESTAMPTZ)
REGION = Column(0, "region", "text", F.TEXT)
COUNT = Output("n", Aggregate("count", None), "bigint", F.INTEGER)
NAMES = {"public", "orders", "day", "noted", "made", "region"}

ZERO = Constant(0, "bigint", F.INTEGER)
MOMENTS = [
    Constant(datetime(2024, 3, day, tzinfo=UTC), "timestamp with time zone", F.TIMESTAMPTZ)
    for day in (1, 8)
]
DATES = [Constant(date(2024, 3, day), "date", F.DATE) for day in (1, 8)]


def series(bucket: Truncation, filling: GapFilling, *others: Output) -> QueryPlan:
    outputs = (Output("bucket", bucket, bucket.column.data_type, bucket.column.family), *others)
    return QueryPlan(
        sources=(Source("public", "orders"),),
        joins=(),
        outputs=outputs,
        predicate=None,
        grouping=tuple(o.expression for o in outputs if not isinstance(o.expression, Aggregate)),
        having=None,
        ordering=(Ordering(0),),
        distinct=False,
        limit=10,
        offset=0,
        gap_filling=filling,
    )


KNOWN = GapFilling(MOMENTS[0], MOMENTS[1], upper_included=False, fills=(None, ZERO))
KNOWN_DATES = replace(KNOWN, lower=DATES[0], upper=DATES[1])
UNKNOWN = GapFilling(None, None, upper_included=False, fills=(None, ZERO))
BY_DAY = Truncation(MADE, "day", "Europe/Berlin")

CASES: dict[str, QueryPlan] = {
    f"zoned_{unit}": series(Truncation(MADE, unit, "Europe/Berlin"), KNOWN, COUNT)
    for unit in get_args(TimeUnit)
}
UNITS: tuple[TimeUnit, ...] = ("minute", "hour", "week", "quarter", "year")
CASES |= {
    f"timestamp_{unit}": series(Truncation(NOTED, unit, None), UNKNOWN, COUNT) for unit in UNITS
}
CASES |= {
    "date_month": series(Truncation(DAY, "month", None), KNOWN_DATES, COUNT),
    "upper_included": series(BY_DAY, replace(KNOWN, upper_included=True), COUNT),
    "lower_from_data": series(BY_DAY, replace(KNOWN, lower=None), COUNT),
    "upper_from_data": series(Truncation(MADE, "hour", "UTC"), replace(KNOWN, upper=None), COUNT),
    "for_each_series": series(
        Truncation(DAY, "week", None),
        replace(KNOWN_DATES, fills=(None, None, ZERO, None)),
        Output("region", REGION, "text", F.TEXT),
        COUNT,
        Output("made", Aggregate("max", MADE), "timestamp with time zone", F.TIMESTAMPTZ),
    ),
    "sorted_and_paged": replace(
        series(BY_DAY, KNOWN, COUNT),
        ordering=(Ordering(1, descending=True), Ordering(0)),
        offset=5,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_gaps(name: str, assert_compiled: Check) -> None:
    plan = CASES[name]
    compiled = PostgresCompiler().compile(plan)
    assert compiled.column_count == len(plan.outputs)
    assert_compiled(f"gaps_{name}", compiled, NAMES)


def test_only_buckets_can_be_added() -> None:
    plan = replace(series(BY_DAY, KNOWN, COUNT), outputs=(COUNT, COUNT))
    with pytest.raises(TypeError, match="first output"):
        PostgresCompiler().compile(plan)
