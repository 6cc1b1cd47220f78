"""A query goes through plan, statement and rows, or fails with a reason."""

from typing import Any

import pytest

from prismiq.domain.model.errors import (
    QueryValidationError,
    SchemaChangedError,
    SchemaNotLoadedError,
)
from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_catalog import SchemaCatalog

SCOPE = Scope(tenant="acme")


@pytest.fixture
def catalog(source: Any, clock: Any, flights_schema: DatabaseSchema) -> SchemaCatalog:
    source.schema = flights_schema
    return SchemaCatalog(source, source.dependencies, clock)


@pytest.fixture
def queries(
    catalog: SchemaCatalog, compiler: Any, runner: Any, clock: Any, observer: Any
) -> QueryService:
    return QueryService(
        catalog, compiler, runner, clock, limits=QueryLimits(max_rows=500), observer=observer
    )


def query(column: str = "carrier", **parts: Any) -> QueryDefinition:
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": [{"table_id": "f", "column": column}],
            **parts,
        }
    )


async def test_an_answer_has_its_columns_its_rows_and_the_time_it_took(
    queries: QueryService, runner: Any
) -> None:
    result = await queries.execute(query(), SCOPE)
    assert [output.name for output in result.outputs] == ["carrier"]
    assert result.batch is runner.batch
    assert result.execution_time_ms == 250.0


async def test_the_runner_gets_the_scope_and_the_limit_of_the_plan(
    queries: QueryService, runner: Any
) -> None:
    await queries.execute(query(limit=7), SCOPE)
    await queries.execute(query(limit=1_000_000), SCOPE)
    await queries.execute(query(), SCOPE)
    assert [(scope, limit) for _, scope, limit in runner.calls] == [
        (SCOPE, 7),
        (SCOPE, 500),
        (SCOPE, 500),
    ]


async def test_an_invalid_query_reaches_neither_compiler_nor_database(
    queries: QueryService, compiler: Any, runner: Any
) -> None:
    for ask in (queries.execute, queries.compile, queries.explain):
        with pytest.raises(QueryValidationError) as caught:
            await ask(query("carier", limit=0), SCOPE)
        assert [problem.code for problem in caught.value.problems] == [
            "limit_out_of_range",
            "column_not_found",
        ]
    assert compiler.plans == []
    assert runner.calls == []


async def test_validation_returns_all_problems_and_raises_none(queries: QueryService) -> None:
    result = await queries.validate(query("carier", limit=0), SCOPE)
    assert not result.valid
    assert [problem.field for problem in result.errors] == ["limit", "columns[0].column"]
    assert (await queries.validate(query(), SCOPE)).model_dump() == {"valid": True, "errors": ()}


async def test_validation_without_waiting_needs_a_schema_that_was_read(
    queries: QueryService, catalog: SchemaCatalog
) -> None:
    with pytest.raises(SchemaNotLoadedError):
        queries.validate_known(query(), SCOPE)
    await catalog.view(SCOPE)
    assert queries.validate_known(query(), SCOPE).valid
    assert not queries.validate_known(query("carier"), SCOPE).valid


async def test_a_query_can_be_seen_as_its_statement(queries: QueryService, runner: Any) -> None:
    compiled = await queries.compile(query(), SCOPE)
    assert (compiled.sql, compiled.parameters) == ("SELECT …", [1])
    assert runner.calls == []


async def test_an_estimate_does_not_run_the_query(queries: QueryService) -> None:
    estimate = await queries.explain(query(), SCOPE)
    assert estimate.estimated_rows == 7


async def test_a_changed_schema_is_read_anew_for_the_next_query(
    queries: QueryService, runner: Any, source: Any, clock: Any
) -> None:
    await queries.execute(query(), SCOPE)
    clock.advance(10)
    runner.error = SchemaChangedError()
    with pytest.raises(SchemaChangedError):
        await queries.execute(query(), SCOPE)
    runner.error = None
    await queries.execute(query(), SCOPE)
    assert len(source.reads) == 2
    clock.advance(10)
    runner.error = SchemaChangedError()
    with pytest.raises(SchemaChangedError):
        await queries.explain(query(), SCOPE)
    runner.error = None
    await queries.explain(query(), SCOPE)
    assert len(source.reads) == 3


async def test_relative_dates_are_seen_from_the_clock_and_the_scope(
    queries: QueryService, compiler: Any
) -> None:
    recent = query(
        filters=[{"table_id": "f", "column": "time_hour", "operator": "date_relative", "value": 1}]
    )
    plans: list[QueryPlan] = compiler.plans
    await queries.compile(recent, Scope(timezone="Pacific/Auckland"))
    await queries.compile(recent, Scope(timezone="Pacific/Honolulu"))
    assert plans[0].predicate != plans[1].predicate
