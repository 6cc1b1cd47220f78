from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.domain.model.plan import (
    Aggregate,
    Column,
    Join,
    Ordering,
    Output,
    QueryPlan,
    SamplePlan,
    Source,
    Truncation,
)
from prismiq.domain.model.query import JoinType
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.type_family import TypeFamily as F

Check = Callable[[str, CompiledQuery, Collection[str]], None]

ORDERS, PEOPLE = Source("public", "orders"), Source('odd"schema', "sel ect")
PERSON = Column(0, "person", "bigint", F.INTEGER)
REGION = Column(0, "region", "text", F.TEXT)
MADE = Column(0, "made", "timestamp with time zone", F.TIMESTAMPTZ)
DAY = Truncation(MADE, "day", "Europe/Berlin")
STOCK = Source("public", "stock")
ID = Column(1, "id", "bigint", F.INTEGER)
REGION_OF_PERSON = Column(1, "region", "text", F.TEXT)
EMAIL = Column(0, "email", "public.citext", F.TEXT)
EMAIL_OF_PERSON = replace(EMAIL, source=1)
NAMES = {
    *("public", "orders", 'odd"schema', "sel ect", "stock"),
    *("person", "region", "made", "id", "email", "manager"),
}


def output(expression: Column | Truncation | Aggregate) -> Output:
    return Output("c0", expression, "bigint", F.INTEGER)


PLAIN = QueryPlan(
    sources=(ORDERS,),
    joins=(),
    outputs=(output(PERSON), output(REGION)),
    predicate=None,
    grouping=None,
    having=None,
    ordering=(),
    distinct=False,
    limit=10,
    offset=0,
)
GROUPED = replace(PLAIN, outputs=(output(DAY), output(Aggregate("count", None))), grouping=(DAY,))


def joined(kind: JoinType, *pairs: tuple[Column, Column]) -> QueryPlan:
    return replace(PLAIN, sources=(ORDERS, PEOPLE), joins=(Join(kind, 1, pairs),))


MANAGER = Column(1, "manager", "bigint", F.INTEGER)
CHAIN = replace(
    PLAIN,
    # The second table of the query is joined last.
    sources=(ORDERS, PEOPLE, STOCK),
    joins=(
        Join("LEFT", 2, ((PERSON, replace(ID, source=2)),)),
        Join("INNER", 1, ((replace(MANAGER, source=2), ID),)),
    ),
)

CASES: dict[str, QueryPlan] = {
    "plain": PLAIN,
    "distinct": replace(PLAIN, distinct=True),
    "offset": replace(PLAIN, offset=20),
    "sorted": replace(PLAIN, ordering=(Ordering(1, descending=True), Ordering(0))),
    "sorted_by_hidden": replace(PLAIN, ordering=(Ordering(MADE), Ordering(DAY, descending=True))),
    "join_inner": joined("INNER", (PERSON, ID)),
    "join_left": joined("LEFT", (PERSON, ID)),
    "join_right": joined("RIGHT", (PERSON, ID)),
    "join_full": joined("FULL", (PERSON, ID)),
    "join_composite": joined("INNER", (PERSON, ID), (REGION, REGION_OF_PERSON)),
    "join_citext": joined("INNER", (EMAIL, EMAIL_OF_PERSON)),
    "join_citext_with_text": joined("INNER", (EMAIL, REGION_OF_PERSON)),
    "join_chain": CHAIN,
    "grouped": GROUPED,
    "grouped_by_hidden": replace(GROUPED, grouping=(DAY, REGION), ordering=(Ordering(REGION),)),
    "one_group": replace(GROUPED, outputs=(output(Aggregate("count", None)),), grouping=()),
}


@pytest.mark.parametrize("name", CASES)
def test_statement(name: str, assert_compiled: Check) -> None:
    plan = CASES[name]
    compiled = PostgresCompiler().compile(plan)
    assert compiled.column_count == len(plan.outputs)
    assert_compiled(name, compiled, NAMES)


def test_one_row_more_than_the_limit_is_fetched() -> None:
    compiled = PostgresCompiler().compile(replace(PLAIN, limit=100, offset=7))
    assert compiled.parameters == (101, 7)


def test_names_of_result_columns_never_reach_the_statement() -> None:
    named = Output('"; DROP TABLE orders; --', PERSON, "bigint", F.INTEGER)
    assert "DROP" not in PostgresCompiler().compile(replace(PLAIN, outputs=(named,))).sql


@pytest.mark.parametrize(
    ("name", "data_type", "family"),
    [
        ("sample", "text", F.TEXT),
        ("sample_jsonb", "jsonb", F.JSONB),
        ("sample_unordered", "json", F.JSON),
    ],
)
def test_sample(name: str, data_type: str, family: F, assert_compiled: Check) -> None:
    plan = SamplePlan(ORDERS, Column(0, "region", data_type, family), limit=5, scanned_rows=1000)
    compiled = PostgresCompiler().compile_sample(plan)
    assert compiled.column_count == 1
    assert compiled.parameters == (1000, 6)
    assert_compiled(name, compiled, NAMES)
