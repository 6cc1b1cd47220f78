from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.domain.model.plan import (
    Aggregate,
    Column,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    Membership,
    Negation,
    NullTest,
    Output,
    PatternMatch,
    Predicate,
    QueryPlan,
    Range,
    Source,
    Truncation,
)
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.type_family import TypeFamily as F

AMOUNT = Column(0, "amount", "numeric", F.NUMERIC)
NAME = Column(0, "name", "character varying", F.TEXT)
EMAIL = Column(0, "email", "public.citext", F.TEXT)
MOOD = Column(0, "mood", "public.mood", F.ENUM)
MADE = Column(0, "made", "timestamp with time zone", F.TIMESTAMPTZ)
NAMES = {"public", "orders", "amount", "name", "email", "mood", "made", "citext"}

TEN = Constant(Decimal("10.00"), "numeric", F.NUMERIC)
HOSTILE = Constant("x' OR 1=1; -- $1 \"", "text", F.TEXT)
EMAIL_TEXT = Constant("A@B.org", "public.citext", F.TEXT)
MOODS = Constant(("happy", "sad"), "public.mood[]", F.ENUM)
FIRST, LAST = (
    Constant(datetime(2024, 1, day, tzinfo=UTC), "timestamp with time zone", F.TIMESTAMPTZ)
    for day in (1, 8)
)

LARGE = Comparison(AMOUNT, ">", TEN)
NAMELESS = NullTest(NAME)
HAPPY = Comparison(MOOD, "=", Constant("happy", "public.mood", F.ENUM))

CASES: dict[str, Predicate] = {
    "compare_eq": Comparison(AMOUNT, "=", TEN),
    "compare_neq": Comparison(AMOUNT, "<>", TEN),
    "compare_gte": Comparison(AMOUNT, ">=", TEN),
    "compare_hostile_text": Comparison(NAME, "<", HOSTILE),
    "compare_truncated": Comparison(Truncation(MADE, "day", "Asia/Tokyo"), "<=", FIRST),
    "member": Membership(NAME, Constant(("a", "b'"), "character varying[]", F.TEXT)),
    "member_of_nothing": Membership(AMOUNT, Constant((), "numeric[]", F.NUMERIC)),
    "not_member": Membership(MOOD, MOODS, negated=True),
    "like": PatternMatch(NAME, Constant("a%'", "text", F.TEXT)),
    "not_like": PatternMatch(NAME, HOSTILE, negated=True),
    "ilike": PatternMatch(NAME, HOSTILE, ignore_case=True),
    "not_ilike": PatternMatch(NAME, HOSTILE, ignore_case=True, negated=True),
    "null": NAMELESS,
    "not_null": NullTest(NAME, negated=True),
    "range_half_open": Range(MADE, FIRST, LAST, upper_included=False),
    "range_closed": Range(MADE, FIRST, LAST, upper_included=True),
    "and": Conjunction((LARGE, NAMELESS, Range(MADE, FIRST, LAST, upper_included=False))),
    "or": Disjunction((LARGE, NAMELESS)),
    "not": Negation(LARGE),
    "not_and": Negation(Conjunction((LARGE, NAMELESS))),
    "nested": Disjunction(
        (
            Conjunction((LARGE, Negation(Disjunction((NAMELESS, HAPPY))))),
            Conjunction((HAPPY,)),
            Negation(Negation(NAMELESS)),
        )
    ),
    "and_of_nothing": Conjunction(()),
    "or_of_nothing": Disjunction(()),
}

CITEXT_CASES: dict[str, Predicate] = {
    "citext_compare": Comparison(EMAIL, "=", EMAIL_TEXT),
    "citext_member": Membership(EMAIL, Constant(("a",), "public.citext[]", F.TEXT), negated=True),
    "citext_like": PatternMatch(EMAIL, EMAIL_TEXT),
    "citext_not_ilike": PatternMatch(EMAIL, EMAIL_TEXT, ignore_case=True, negated=True),
    "citext_range": Range(EMAIL, EMAIL_TEXT, EMAIL_TEXT, upper_included=True),
}


def plan_with(predicate: Predicate | None, having: Predicate | None = None) -> QueryPlan:
    return QueryPlan(
        sources=(Source("public", "orders"),),
        joins=(),
        outputs=(Output("count", Aggregate("count", None), "bigint", F.INTEGER),),
        predicate=predicate,
        grouping=(),
        having=having,
        ordering=(),
        distinct=False,
        limit=10,
        offset=0,
    )


@pytest.mark.parametrize("name", CASES)
def test_predicate(
    name: str, assert_compiled: Callable[[str, CompiledQuery, Collection[str]], None]
) -> None:
    compiled = PostgresCompiler().compile(plan_with(CASES[name]))
    assert_compiled(f"where_{name}", compiled, NAMES)


@pytest.mark.parametrize("name", CITEXT_CASES)
def test_operators_of_citext_are_named_with_their_schema(
    name: str, assert_compiled: Callable[[str, CompiledQuery, Collection[str]], None]
) -> None:
    compiled = PostgresCompiler().compile(plan_with(CITEXT_CASES[name]))
    assert_compiled(f"where_{name}", compiled, NAMES)


def test_condition_on_an_aggregate(
    assert_compiled: Callable[[str, CompiledQuery, Collection[str]], None],
) -> None:
    total = Comparison(Aggregate("sum", AMOUNT), ">", TEN)
    percentile = Range(Aggregate("percentile", AMOUNT, 0.9), TEN, TEN, upper_included=True)
    compiled = PostgresCompiler().compile(plan_with(LARGE, Conjunction((total, percentile))))
    assert_compiled("having", compiled, NAMES)
