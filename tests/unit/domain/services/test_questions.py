"""Queries are known by their object and by their JSON, and nobody is mistaken for another."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import ref

import pytest

from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key
from prismiq.domain.rules.schema_view import SchemaView
from prismiq.domain.services import questions as module
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.questions import Questions
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.domain.services.schema_snapshot import SchemaSnapshot

MakeQuery = Callable[..., QueryDefinition]
SCOPE = Scope()
RECENT = {"table_id": "f", "column": "time_hour", "operator": "date_relative", "value": 7}


class CountingQueries(QueryService):
    """Counts how often a query is planned."""

    planned = 0

    def require_valid(self, query: QueryDefinition, view: SchemaView, scope: Scope) -> None:
        self.planned += 1
        super().require_valid(query, view, scope)


@pytest.fixture
def queries(
    schema_catalog: SchemaCatalog, compiler: Any, runner: Any, clock: Any, observer: Any
) -> CountingQueries:
    limits = QueryLimits(max_rows=500)
    return CountingQueries(
        schema_catalog, compiler, runner, clock, limits=limits, observer=observer
    )


@pytest.fixture
def questions(queries: CountingQueries, clock: Any) -> Questions:
    return Questions(queries, clock, 500)


@pytest.fixture
async def snapshot(schema_catalog: SchemaCatalog) -> SchemaSnapshot:
    return await schema_catalog.snapshot(SCOPE)


@pytest.mark.parametrize("filters", [[], [RECENT]], ids=["fixed", "relative"])
def test_an_equal_query_is_planned_once_whatever_object_it_comes_in(
    questions: Questions,
    snapshot: SchemaSnapshot,
    make_query: MakeQuery,
    queries: CountingQueries,
    clock: Any,
    filters: Any,
) -> None:
    asked = [make_query(filters=filters) for _ in range(5)]
    named = [questions.name(query, snapshot, SCOPE) for query in (*asked, *asked)]
    query = make_query(filters=filters)
    context = snapshot.generation
    key = cache_key(query, scope=SCOPE, now=clock.now(), context=context, max_rows=500)
    assert {each.key for each in named} == {key}
    assert {each.tables for each in named} == {frozenset({"public.flights"})}
    assert queries.planned == 1


def test_an_invalid_query_is_never_known(
    questions: Questions, snapshot: SchemaSnapshot, make_query: MakeQuery
) -> None:
    query = make_query("carier")
    for _ in range(3):
        with pytest.raises(QueryValidationError):
            questions.name(query, snapshot, SCOPE)


def test_an_id_that_was_another_querys_is_seen_through(
    questions: Questions,
    snapshot: SchemaSnapshot,
    make_query: MakeQuery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "id", lambda _query: 7, raising=False)
    first, second = make_query("carrier"), make_query("dep_delay")
    keys = {questions.name(query, snapshot, SCOPE).key for query in (first, second)}
    assert len(keys) == 2
    del first
    assert questions.name(make_query("id"), snapshot, SCOPE).key not in keys


@pytest.mark.parametrize("changed", [Scope(tenant="other"), Scope(claims={"user_id": "7"})])
def test_the_same_object_has_a_name_per_scope(
    questions: Questions, snapshot: SchemaSnapshot, make_query: MakeQuery, changed: Scope
) -> None:
    query = make_query()
    for _ in range(2):
        names = [questions.name(query, snapshot, scope).key for scope in (SCOPE, changed)]
        assert len(set(names)) == 2


def test_a_new_reading_of_the_same_schema_tells_the_tables_anew(
    questions: Questions, snapshot: SchemaSnapshot, make_query: MakeQuery
) -> None:
    query = make_query()
    before = questions.name(query, snapshot, SCOPE)
    reads = {**snapshot.dependencies.reads, ("public", "flights"): frozenset({("other", "heir")})}
    later = SchemaSnapshot(
        snapshot.view, replace(snapshot.dependencies, reads=reads), snapshot.generation
    )
    for asked in (query, make_query()):
        after = questions.name(asked, later, SCOPE)
        assert after.key == before.key
        assert after.tables == frozenset({"public.flights", "other.heir"})


def test_a_relative_query_has_another_name_on_another_day(
    questions: Questions, snapshot: SchemaSnapshot, make_query: MakeQuery, clock: Any
) -> None:
    query = make_query(filters=[RECENT])
    today = questions.name(query, snapshot, SCOPE)
    clock.advance(24 * 3600)
    assert questions.name(query, snapshot, SCOPE).key != today.key
    clock.advance(-24 * 3600)  # a clock that is set right
    assert questions.name(query, snapshot, SCOPE).key == today.key


def test_what_is_remembered_keeps_neither_queries_nor_schemas_alive(
    queries: CountingQueries, snapshot: SchemaSnapshot, make_query: MakeQuery, clock: Any
) -> None:
    questions = Questions(queries, clock, 500)
    questions.name(make_query("carrier"), snapshot, SCOPE)  # the one that is planned
    query = make_query("carrier")
    outdated = SchemaSnapshot(snapshot.view, snapshot.dependencies, snapshot.generation)
    questions.name(query, outdated, SCOPE)
    questions.name(make_query(), snapshot, SCOPE)
    gone = ref(query), ref(outdated)
    del query, outdated
    assert [each() for each in gone] == [None, None]


def test_distinct_queries_leave_bounded_traces(
    queries: CountingQueries, snapshot: SchemaSnapshot, make_query: MakeQuery, clock: Any
) -> None:
    questions = Questions(queries, clock, 500, max_entries=50)
    condition = {"table_id": "f", "column": "id", "operator": "eq"}
    alive = []
    for number in range(300):
        alive.append(make_query(filters=[{**condition, "value": number}]))
        questions.name(alive[-1], snapshot, SCOPE)
        assert len(questions._known) <= 50
    assert questions.name(alive[-1], snapshot, SCOPE).tables == frozenset({"public.flights"})


def test_combinations_of_tables_leave_bounded_traces(
    snapshot: SchemaSnapshot, make_query: MakeQuery
) -> None:
    for number in range(2_500):
        tables = make_query(table=f"unknown {number}").tables
        assert snapshot.version_names(tables) is None
    assert len(snapshot._names) <= 1_000
    assert snapshot.version_names(make_query().tables) == frozenset({"public.flights"})
