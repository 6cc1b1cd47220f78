"""Queries are answered from the cache where that is right, and nowhere else."""

from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import RowBatch
from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, TableSchema
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.answer_forms import body_of, result_in
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_cache import QueryCache
from prismiq.domain.services.schema_catalog import SchemaCatalog

MakeQuery = Callable[..., QueryDefinition]
SCOPE = Scope()
HIT, MISS, BYPASS = CacheOutcome.HIT, CacheOutcome.MISS, CacheOutcome.BYPASS


async def test_the_second_answer_is_the_first_one(
    answers: QueryAnswers, make_query: MakeQuery, runner: Any
) -> None:
    first = await answers.answer(make_query(), SCOPE)
    second = await answers.answer(make_query(), SCOPE)
    assert (first.outcome, second.outcome) == (MISS, HIT)
    assert first.reason is MissReason.ABSENT
    assert result_in(second).batch == result_in(first).batch == runner.batch
    assert b'"is_from_cache":true' in bytes(body_of(second))
    assert len(runner.calls) == 1


@pytest.mark.parametrize(
    "other",
    [
        Scope(tenant="other"),
        Scope(claims={"user_id": "7"}),
        Scope(timezone="Europe/Berlin"),
        Scope(tenant="default", schema_name="public"),
    ],
    ids=["tenant", "claims", "timezone", "schema"],
)
async def test_nobody_is_answered_with_what_another_scope_was_told(
    answers: QueryAnswers, make_query: MakeQuery, runner: Any, other: Scope
) -> None:
    one_query = make_query()  # the very same object, as equal bodies give
    await answers.answer(one_query, SCOPE)
    runner.batch = RowBatch(b'[["of the other"]]', 1, truncated=False)
    for ask in (one_query, make_query()):
        assert b"of the other" in result_in(await answers.answer(ask, other)).batch.rows_json
        assert b"UA" in result_in(await answers.answer(ask, SCOPE)).batch.rows_json


async def test_a_kept_answer_needs_a_query_that_is_valid_now(
    answers: QueryAnswers,
    make_query: MakeQuery,
    source: Any,
    clock: Any,
    flights_schema: DatabaseSchema,
) -> None:
    query = make_query()
    await answers.answer(query, SCOPE)
    source.schema = DatabaseSchema(tables=flights_schema.tables[1:])
    clock.advance(61)  # the schema is read anew: the table is gone, the answer is not
    for again in (query, make_query()):
        with pytest.raises(QueryValidationError):
            await answers.answer(again, SCOPE)


@pytest.mark.parametrize("change", ["column", "definition", "origin"])
async def test_what_was_kept_under_another_schema_is_never_served(
    answers: QueryAnswers,
    make_query: MakeQuery,
    source: Any,
    change: str,
    schema_catalog: SchemaCatalog,
) -> None:
    query = make_query(table="airlines")
    await answers.answer(query, SCOPE)
    if change == "column":
        flights, airlines = source.schema.tables
        column = ColumnSchema(name="founded", data_type="date")
        changed = TableSchema(name="airlines", columns=[*airlines.columns, column])
        source.schema = DatabaseSchema(tables=[flights, changed])
    elif change == "origin":
        source.dependencies.origin = "another role, whose policies show it other rows"
    else:
        source.dependencies.definitions = "a view that was replaced, with the same columns"
    await schema_catalog.refresh(SCOPE)
    assert (await answers.answer(query, SCOPE)).outcome is MISS


async def test_a_schema_that_is_read_again_and_is_the_same_costs_nothing(
    answers: QueryAnswers,
    make_query: MakeQuery,
    source: Any,
    schema_catalog: SchemaCatalog,
) -> None:
    await answers.answer(make_query(), SCOPE)
    flights, airlines = source.schema.tables
    estimated = flights.model_copy(update={"row_count": 336_776})
    source.schema = source.schema.model_copy(update={"tables": (estimated, airlines)})
    await schema_catalog.refresh(SCOPE)
    assert (await answers.answer(make_query(), SCOPE)).outcome is HIT


async def test_a_view_is_invalidated_by_its_name_and_by_what_it_reads(
    answers: QueryAnswers, query_cache: QueryCache, make_query: MakeQuery, source: Any
) -> None:
    source.dependencies.changes[("public", "airlines")] = frozenset({("base", "carriers")})
    query = make_query(table="airlines")
    for name in ("airlines", "public.airlines", "base.carriers"):
        await answers.answer(query, SCOPE)
        assert (await answers.answer(query, SCOPE)).outcome is HIT
        assert await query_cache.invalidate_table(name) >= 1
        again = await answers.answer(query, SCOPE)
        assert (again.outcome, again.reason) == (MISS, MissReason.INVALIDATED)
    assert await query_cache.invalidate_table("carriers") == 0


async def test_a_partition_counts_as_the_table_it_belongs_to(
    answers: QueryAnswers, query_cache: QueryCache, make_query: MakeQuery, source: Any
) -> None:
    source.dependencies.roots[("public", "flights_2013")] = ("public", "flights")
    await answers.answer(make_query(), SCOPE)
    assert await query_cache.invalidate_table("flights_2013") == 1
    assert (await answers.answer(make_query(), SCOPE)).outcome is MISS


async def test_what_depends_on_nobody_knows_what_is_never_kept(
    answers: QueryAnswers, make_query: MakeQuery, source: Any, runner: Any
) -> None:
    source.dependencies.changes[("public", "airlines")] = None
    for _ in range(2):
        assert (await answers.answer(make_query(table="airlines"), SCOPE)).outcome is BYPASS
    assert len(runner.calls) == 2


async def test_relative_dates_of_yesterday_do_not_answer_today(
    answers: QueryAnswers, make_query: MakeQuery, clock: Any
) -> None:
    recent = {"table_id": "f", "column": "time_hour", "operator": "date_relative", "value": 7}
    query = make_query(filters=[recent])
    await answers.answer(query, SCOPE)
    assert (await answers.answer(query, SCOPE)).outcome is HIT
    clock.advance(24 * 3600)
    for again in (query, make_query(filters=[recent])):
        answer = await answers.answer(again, SCOPE, ttl=1e6)
        assert answer.outcome is (MISS if again is query else HIT)


async def test_an_answer_can_have_a_time_of_its_own(
    answers: QueryAnswers, make_query: MakeQuery, clock: Any
) -> None:
    await answers.answer(make_query(), SCOPE, ttl=5)
    await answers.answer(make_query("dep_delay"), SCOPE, ttl=0)
    clock.advance(3)
    assert (await answers.answer(make_query(), SCOPE)).outcome is HIT
    assert (await answers.answer(make_query("dep_delay"), SCOPE)).outcome is MISS
    clock.advance(3)
    assert (await answers.answer(make_query(), SCOPE)).reason is MissReason.EXPIRED


@pytest.mark.parametrize(
    ("limit_of_query", "limit_of_preview", "expected"),
    [(None, 100, 100), (5, 100, 5), (100, 5, 5), (None, 10_000, 500)],
)
async def test_a_preview_takes_the_smaller_limit(
    answers: QueryAnswers,
    make_query: MakeQuery,
    compiler: Any,
    limit_of_query: int | None,
    limit_of_preview: int,
    expected: int,
) -> None:
    await answers.preview(make_query(limit=limit_of_query), limit_of_preview, SCOPE)
    assert compiler.plans[-1].limit == expected


async def test_a_preview_does_not_make_a_senseless_limit_good(
    answers: QueryAnswers, make_query: MakeQuery
) -> None:
    with pytest.raises(QueryValidationError):
        await answers.preview(make_query(limit=-1), 100, SCOPE)
