"""Kept answers by query: what integrators and operators can do with them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from prismiq.domain.model.cache_report import CacheWarmUp
from prismiq.domain.model.errors import SchemaNotLoadedError
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import QueryResult, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.result_decoding import decode_result
from prismiq.domain.services.answer_forms import result_in
from prismiq.domain.services.current_client import client_of
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_cache import QueryCache

MakeQuery = Callable[..., QueryDefinition]
RESULT = QueryResult(
    columns=["carrier"],
    column_types=["text"],
    rows=[["computed by the caller"]],
    row_count=1,
    truncated=False,
    execution_time_ms=1.0,
)


async def test_there_is_nothing_before_there_is_something(
    query_cache: QueryCache, make_query: MakeQuery
) -> None:
    assert await query_cache.get_result(make_query()) is None


async def test_what_the_engine_has_answered_can_be_read(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery
) -> None:
    answer = await answers.answer(make_query(), Scope())
    assert await query_cache.get_result(make_query()) == decode_result(result_in(answer))


async def test_what_a_caller_keeps_the_engine_answers(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery, runner: Any
) -> None:
    await query_cache.cache_result(make_query(), RESULT)
    answer = await answers.answer(make_query(), Scope())
    assert decode_result(result_in(answer)) == RESULT
    assert runner.calls == []


async def test_values_of_every_type_come_back_as_they_were(
    query_cache: QueryCache, make_query: MakeQuery
) -> None:
    values: dict[str, list[Any]] = {
        "bigint": [2**62, None],
        "numeric": [Decimal("12345678901234567890.1200"), Decimal("NaN"), Decimal("Infinity")],
        "double precision": [0.1, float("inf"), float("-inf")],
        "text": ['say "hi"\n\\ ü 🎉', ""],
        "boolean": [True, False],
        "date": [date(2013, 1, 2), "infinity"],
        "timestamp without time zone": [datetime(2013, 1, 2, 3, 4, 5, 678)],  # noqa: DTZ001
        "timestamp with time zone": [datetime(2013, 1, 2, 3, 4, tzinfo=UTC)],
        "time without time zone": [time(1, 2, 3)],
        "interval": [timedelta(days=-3, microseconds=5), timedelta(0)],
        "uuid": [UUID(int=7)],
        "bytea": [b"\x00\xff", b""],
        "jsonb": [{"a": [1, 2.5, None, {"b": "c"}]}, [], "text", 7],
        "integer[]": [[1, None, 3], []],
        "numeric[]": [[Decimal("1.10")]],
        "public.mood": ["sad"],
    }
    width = max(map(len, values.values()))
    rows = [
        [column[row] if row < len(column) else None for column in values.values()]
        for row in range(width)
    ]
    result = QueryResult(
        columns=[f"c{number}" for number in range(len(values))],
        column_types=list(values),
        rows=rows,
        row_count=width,
        truncated=True,
        execution_time_ms=0.5,
    )
    await query_cache.cache_result(make_query(), result)
    found = await query_cache.get_result(make_query())
    assert found is not None
    assert repr(found) == repr(result)  # NaN is not equal to itself, and 1 equals True


async def test_an_invalidation_while_a_caller_computes_is_not_lost(
    query_cache: QueryCache, make_query: MakeQuery
) -> None:
    query = make_query()
    assert await query_cache.get_result(query) is None
    await query_cache.invalidate_table("flights")  # amid the caller's computation
    await query_cache.cache_result(query, RESULT)
    assert await query_cache.get_result(query) is None
    await query_cache.cache_result(query, RESULT)  # begun after the last look
    assert await query_cache.get_result(query) == RESULT


async def test_zero_keeps_nothing_and_none_is_the_usual_time(
    query_cache: QueryCache, make_query: MakeQuery, clock: Any
) -> None:
    await query_cache.cache_result(make_query(), RESULT, ttl=0)
    assert await query_cache.get_result(make_query()) is None
    await query_cache.cache_result(make_query(), RESULT)
    clock.advance(299)
    assert await query_cache.get_result(make_query()) == RESULT
    clock.advance(2)
    assert await query_cache.get_result(make_query()) is None
    for senseless in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="time to live"):
            await query_cache.cache_result(make_query(), RESULT, ttl=senseless)


async def test_keys_tell_scopes_and_queries_apart(
    query_cache: QueryCache, make_query: MakeQuery
) -> None:
    with pytest.raises(SchemaNotLoadedError):
        query_cache.make_key(make_query())
    await query_cache.get_result(make_query())
    key = query_cache.make_key(make_query())
    assert key == query_cache.make_key(make_query(order_by=[]))
    assert key != query_cache.make_key(make_query(limit=1))
    assert key != query_cache.make_key(make_query(), scope=Scope(tenant="acme"))


async def test_everything_can_be_forgotten(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery
) -> None:
    await answers.answer(make_query(), Scope())
    await answers.answer(make_query(table="airlines"), Scope(tenant="acme"))
    assert await query_cache.invalidate_all() == 2
    assert await query_cache.get_result(make_query()) is None


async def test_an_explanation_says_what_would_happen_and_why(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery, clock: Any
) -> None:
    before = await query_cache.explain(make_query())
    assert (before.state, before.reason, before.age_seconds) == ("missing", "absent", None)
    assert before.key == query_cache.make_key(make_query())
    assert list(before.tables) == ["public.flights"]
    await answers.answer(make_query(), Scope())
    clock.advance(10)
    fresh = await query_cache.explain(make_query())
    assert (fresh.state, fresh.reason, fresh.expires_in) == ("fresh", None, 289.75)
    assert (fresh.age_seconds, fresh.compute_seconds) == (10.25, 0.25)
    assert fresh.entry_versions == fresh.versions
    assert sorted(fresh.versions) == ["*", "public.flights"]
    clock.advance(250)
    assert (await query_cache.explain(make_query())).state == "renewing"
    clock.advance(50)
    expired = await query_cache.explain(make_query())
    assert (expired.state, expired.reason) == ("expired", "expired")
    assert expired.expires_in is not None
    assert expired.expires_in < 0
    await query_cache.invalidate_table("flights")
    gone = await query_cache.explain(make_query())
    assert (gone.state, gone.reason) == ("missing", "invalidated")
    assert gone.entry_versions != gone.versions


async def test_an_explanation_changes_nothing(
    query_cache: QueryCache, make_query: MakeQuery, runner: Any
) -> None:
    await query_cache.explain(make_query())
    assert runner.calls == []
    assert query_cache.stats().misses == 0


async def test_answers_that_are_never_kept_are_explained_as_such(
    query_cache: QueryCache, make_query: MakeQuery, source: Any
) -> None:
    source.dependencies.changes[("public", "airlines")] = None
    explanation = await query_cache.explain(make_query(table="airlines"))
    assert (explanation.key, explanation.state) == (None, "uncacheable")


async def test_warming_computes_what_is_missing(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery, source: Any, runner: Any
) -> None:
    source.dependencies.changes[("public", "airlines")] = None
    await answers.answer(make_query(), Scope())
    queries = [
        make_query(),
        make_query("dep_delay"),
        make_query("time_hour"),
        make_query("nothing_like_that"),
        make_query(table="airlines"),
    ]
    warmed = await query_cache.warm(queries)
    assert warmed == CacheWarmUp(computed=2, kept=1, failed=1, uncacheable=1)
    assert len(runner.calls) == 3


async def test_warming_is_for_one_scope(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery, runner: Any
) -> None:
    runner.batch = RowBatch(b'[["of acme"]]', 1, truncated=False)
    await query_cache.warm([make_query()], scope=Scope(tenant="acme"))
    runner.batch = RowBatch(b'[["of default"]]', 1, truncated=False)
    assert b"default" in result_in(await answers.answer(make_query(), Scope())).batch.rows_json


async def test_no_client_is_counted_for_warming(
    query_cache: QueryCache, make_query: MakeQuery, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant with two places could not be warmed four queries at once."""
    counted = []
    run = runner.run

    def seen(query: Any, *, scope: Scope, limit: int) -> Any:
        counted.append(client_of(scope))
        return run(query, scope=scope, limit=limit)

    monkeypatch.setattr(runner, "run", seen)
    await query_cache.warm([make_query()], scope=Scope(tenant="acme"))
    assert counted == [None]


async def test_statistics_add_up(
    query_cache: QueryCache, answers: QueryAnswers, make_query: MakeQuery
) -> None:
    assert query_cache.stats().hit_ratio is None
    for _ in range(4):
        await answers.answer(make_query(), Scope())
    await answers.answer(make_query(), Scope(), fresh=True)
    await query_cache.invalidate_table("flights")
    await answers.answer(make_query(), Scope())
    stats = query_cache.stats()
    assert (stats.hits, stats.misses, stats.bypasses, stats.hit_ratio) == (3, 2, 1, 0.6)
    assert stats.miss_reasons == {"absent": 1, "invalidated": 1}
    assert (stats.invalidations, stats.entries_invalidated) == (1, 2)
    assert stats.entries == 1
    assert 0 < stats.used_bytes < stats.max_bytes
