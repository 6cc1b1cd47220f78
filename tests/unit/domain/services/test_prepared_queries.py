"""A query is planned once, for as long as the plan holds."""

import gc
from datetime import UTC, datetime
from typing import Any

import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.schema_view import SchemaView, expose
from prismiq.domain.services.prepared_queries import PreparedQueries
from prismiq.ports.clock import Clock

SCOPE = Scope()


class WallClock(Clock):
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        raise AssertionError("plans depend on calendars")


@pytest.fixture
def wall() -> WallClock:
    return WallClock(datetime(2024, 3, 10, 23, 30, tzinfo=UTC))


@pytest.fixture
def view(flights_schema: DatabaseSchema) -> SchemaView:
    return expose(flights_schema)


@pytest.fixture
def prepared(compiler: Any, wall: WallClock) -> PreparedQueries:
    return PreparedQueries(compiler, wall, QueryLimits(), max_entries=3)


def query(column: str = "carrier", **parts: Any) -> QueryDefinition:
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": [{"table_id": "f", "column": column}],
            **parts,
        }
    )


def recent() -> QueryDefinition:
    window = {"table_id": "f", "column": "time_hour", "operator": "date_window", "value": "today"}
    return query(filters=[window])


def test_the_same_query_is_planned_once(
    prepared: PreparedQueries, view: SchemaView, compiler: Any
) -> None:
    asked = query()
    first = prepared.prepare(asked, view, SCOPE)
    assert prepared.prepare(asked, view, SCOPE) is first
    assert len(compiler.plans) == 1


def test_tenant_and_claims_make_no_difference(
    prepared: PreparedQueries, view: SchemaView, compiler: Any
) -> None:
    asked = query()
    for tenant in ("acme", "globex"):
        prepared.prepare(asked, view, Scope(tenant=tenant, claims={"user": tenant}))
    assert len(compiler.plans) == 1


def test_an_equal_query_is_another_one(
    prepared: PreparedQueries, view: SchemaView, compiler: Any
) -> None:
    prepared.prepare(query(), view, SCOPE)
    prepared.prepare(query(), view, SCOPE)
    assert len(compiler.plans) == 2


def test_another_view_asks_for_another_plan(
    prepared: PreparedQueries, view: SchemaView, flights_schema: DatabaseSchema
) -> None:
    asked = query()
    prepared.prepare(asked, view, SCOPE)
    without = expose(flights_schema, ["airlines"])
    with pytest.raises(QueryValidationError):
        prepared.prepare(asked, without, SCOPE)
    assert prepared.prepare(asked, view, SCOPE).view is view


def test_another_time_zone_asks_for_another_plan(
    prepared: PreparedQueries, view: SchemaView, compiler: Any
) -> None:
    asked = recent()
    prepared.prepare(asked, view, Scope(timezone="Europe/Berlin"))
    prepared.prepare(asked, view, Scope(timezone="America/New_York"))
    plans: list[QueryPlan] = compiler.plans
    assert plans[0].predicate != plans[1].predicate


def test_relative_dates_are_planned_anew_when_the_day_changes_there(
    prepared: PreparedQueries, view: SchemaView, wall: WallClock, compiler: Any
) -> None:
    asked = recent()
    berlin = Scope(timezone="Europe/Berlin")  # half past midnight, on the eleventh
    first = prepared.prepare(asked, view, berlin)
    wall.moment = datetime(2024, 3, 11, 22, 59, tzinfo=UTC)
    assert prepared.prepare(asked, view, berlin) is first
    wall.moment = datetime(2024, 3, 11, 23, 0, tzinfo=UTC)
    second = prepared.prepare(asked, view, berlin)
    assert second.plan.predicate != first.plan.predicate
    assert len(compiler.plans) == 2


def test_other_queries_hold_for_ever(
    prepared: PreparedQueries, view: SchemaView, wall: WallClock
) -> None:
    asked = query()
    first = prepared.prepare(asked, view, SCOPE)
    wall.moment = datetime(2094, 1, 1, tzinfo=UTC)
    assert prepared.prepare(asked, view, SCOPE) is first


def test_the_one_that_was_used_longest_ago_leaves_first(
    prepared: PreparedQueries, view: SchemaView, compiler: Any
) -> None:
    asked = [query(limit=number) for number in range(1, 5)]
    for one in (asked[0], asked[1], asked[2], asked[0], asked[3], asked[0]):
        prepared.prepare(one, view, SCOPE)
    assert len(compiler.plans) == 4
    prepared.prepare(asked[1], view, SCOPE)
    assert len(compiler.plans) == 5


def test_an_object_that_takes_the_place_of_another_is_not_taken_for_it(
    prepared: PreparedQueries, view: SchemaView
) -> None:
    for number in range(1, 200):
        result = prepared.prepare(query(limit=number), view, SCOPE)
        assert result.plan.limit == number
        gc.collect(0)


def test_a_wrong_query_is_wrong_each_time(prepared: PreparedQueries, view: SchemaView) -> None:
    wrong = query("carier")
    for _ in range(2):
        with pytest.raises(QueryValidationError):
            prepared.prepare(wrong, view, SCOPE)


def test_a_very_large_query_is_not_kept(wall: WallClock, view: SchemaView) -> None:
    prepared = PreparedQueries(PostgresCompiler(), wall, QueryLimits())
    listed = {"table_id": "f", "column": "carrier", "operator": "in_", "value": ["UA"] * 9_000}
    large, small = query(filters=[listed, listed]), query(filters=[listed])

    assert prepared.prepare(large, view, SCOPE) is not prepared.prepare(large, view, SCOPE)
    assert prepared.prepare(small, view, SCOPE) is prepared.prepare(small, view, SCOPE)
