"""The schema is read once, by one caller for all, and anew when it must be."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    QueryTimeoutError,
    SchemaChangedError,
    SchemaNotLoadedError,
)
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.schema_config import ColumnConfig, SchemaConfig, TableConfig
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.schema_catalog import SchemaCatalog

LetOthersRun = Callable[[], Awaitable[None]]
SCOPE = Scope()


@pytest.fixture
def catalog(source: Any, clock: Any, flights_schema: DatabaseSchema) -> SchemaCatalog:
    source.schema = flights_schema
    return SchemaCatalog(source, source.dependencies, clock, ttl=60.0)


async def test_it_reads_once(catalog: SchemaCatalog, source: Any) -> None:
    first = await catalog.view(SCOPE)
    assert await catalog.view(SCOPE) is first
    assert first.table_names() == ["airlines", "flights"]
    assert source.reads == [("public",)]


async def test_a_crowd_shares_one_read(
    catalog: SchemaCatalog, source: Any, let_others_run: LetOthersRun
) -> None:
    source.holds = True
    crowd = [asyncio.create_task(catalog.view(SCOPE)) for _ in range(50)]
    await let_others_run()
    source.gates[0].set()
    views = await asyncio.gather(*crowd)
    assert len({id(view) for view in views}) == 1
    assert len(source.reads) == 1


async def test_a_caller_who_leaves_takes_nobody_down(
    catalog: SchemaCatalog, source: Any, let_others_run: LetOthersRun
) -> None:
    source.holds = True
    leaver, stayer = (asyncio.create_task(catalog.view(SCOPE)) for _ in range(2))
    await let_others_run()
    leaver.cancel()
    await let_others_run()
    source.gates[0].set()
    assert (await stayer).table_names() == ["airlines", "flights"]
    assert source.cancelled == 0


async def test_it_reads_anew_when_its_time_is_over(
    catalog: SchemaCatalog, source: Any, clock: Any
) -> None:
    await catalog.view(SCOPE)
    clock.advance(59.9)
    await catalog.view(SCOPE)
    assert len(source.reads) == 1
    clock.advance(0.1)
    await catalog.view(SCOPE)
    assert len(source.reads) == 2


async def test_age_counts_from_the_beginning_of_the_read(
    catalog: SchemaCatalog, source: Any, clock: Any, let_others_run: LetOthersRun
) -> None:
    source.holds = True
    reader = asyncio.create_task(catalog.view(SCOPE))
    await let_others_run()
    clock.advance(40)
    source.gates[0].set()
    await reader
    source.holds = False
    clock.advance(20)
    await catalog.view(SCOPE)
    assert len(source.reads) == 2


async def test_a_failed_read_is_tried_again(catalog: SchemaCatalog, source: Any) -> None:
    source.error = DatabaseUnavailableError()
    with pytest.raises(DatabaseUnavailableError):
        await catalog.view(SCOPE)
    source.error = None
    assert (await catalog.view(SCOPE)).table_names() == ["airlines", "flights"]


@pytest.mark.parametrize("error", [DatabaseUnavailableError(), QueryTimeoutError(30.0)])
async def test_the_last_reading_serves_on_while_the_database_does_not_answer(
    catalog: SchemaCatalog, source: Any, clock: Any, error: Exception
) -> None:
    known = await catalog.view(SCOPE)
    clock.advance(60)
    source.error = error
    assert await catalog.view(SCOPE) is known
    clock.advance(4.9)
    assert await catalog.view(SCOPE) is known
    assert len(source.reads) == 2  # not every caller waits for a database that stands still
    clock.advance(0.1)
    assert await catalog.view(SCOPE) is known
    source.error = None
    clock.advance(5)
    assert await catalog.view(SCOPE) is not known
    assert len(source.reads) == 4


async def test_a_reading_that_proved_wrong_does_not_serve_on(
    catalog: SchemaCatalog, source: Any, clock: Any
) -> None:
    view = await catalog.view(SCOPE)
    clock.advance(1.0)
    with pytest.raises(SchemaChangedError), catalog.relied_on(view, SCOPE):
        raise SchemaChangedError
    source.error = DatabaseUnavailableError()
    with pytest.raises(DatabaseUnavailableError):
        await catalog.view(SCOPE)


async def test_a_refresh_says_that_the_database_does_not_answer(
    catalog: SchemaCatalog, source: Any
) -> None:
    await catalog.view(SCOPE)
    source.error = DatabaseUnavailableError()
    with pytest.raises(DatabaseUnavailableError):
        await catalog.refresh(SCOPE)


async def test_a_refresh_does_not_believe_a_read_that_began_before_it(
    catalog: SchemaCatalog,
    source: Any,
    flights_schema: DatabaseSchema,
    let_others_run: LetOthersRun,
) -> None:
    source.holds = True
    early = asyncio.create_task(catalog.view(SCOPE))
    await let_others_run()
    source.schema = DatabaseSchema(tables=flights_schema.tables[:1])
    refresher = asyncio.create_task(catalog.refresh(SCOPE))
    await let_others_run()
    source.gates[1].set()
    assert (await refresher).table_names() == ["flights"]
    source.gates[0].set()
    assert (await early).table_names() == ["airlines", "flights"]
    assert catalog.known_view(SCOPE).table_names() == ["flights"]


async def test_a_view_that_proved_wrong_is_read_anew(
    catalog: SchemaCatalog, source: Any, clock: Any
) -> None:
    view = await catalog.view(SCOPE)
    clock.advance(1.0)
    with pytest.raises(SchemaChangedError), catalog.relied_on(view, SCOPE):
        raise SchemaChangedError
    assert catalog.known_view(SCOPE) is view  # better than nothing for those who cannot wait
    assert await catalog.view(SCOPE) is not view
    assert len(source.reads) == 2


async def test_other_errors_leave_the_view_alone(catalog: SchemaCatalog, clock: Any) -> None:
    view = await catalog.view(SCOPE)
    clock.advance(1.0)
    with pytest.raises(DatabaseUnavailableError), catalog.relied_on(view, SCOPE):
        raise DatabaseUnavailableError
    assert await catalog.view(SCOPE) is view


async def test_queries_that_always_find_the_schema_changed_do_not_read_it_each_time(
    catalog: SchemaCatalog, source: Any, clock: Any
) -> None:
    for _ in range(100):
        view = await catalog.view(SCOPE)
        with pytest.raises(SchemaChangedError), catalog.relied_on(view, SCOPE):
            raise SchemaChangedError
        clock.advance(0.01)
    assert len(source.reads) == 1


async def test_a_late_failure_over_an_old_view_leaves_the_new_one_alone(
    catalog: SchemaCatalog, clock: Any
) -> None:
    old = await catalog.view(SCOPE)
    new = await catalog.refresh(SCOPE)
    clock.advance(5)
    with pytest.raises(SchemaChangedError), catalog.relied_on(old, SCOPE):
        raise SchemaChangedError
    assert await catalog.view(SCOPE) is new


async def test_the_known_view_does_not_wait(catalog: SchemaCatalog, clock: Any) -> None:
    with pytest.raises(SchemaNotLoadedError):
        catalog.known_view(SCOPE)
    view = await catalog.view(SCOPE)
    clock.advance(1_000_000)
    assert catalog.known_view(SCOPE) is view


async def test_each_schema_of_a_scope_is_read_for_itself(
    catalog: SchemaCatalog, source: Any
) -> None:
    await catalog.view(Scope(schema_name="acme"))
    await catalog.view(Scope(schema_name="globex"))
    await catalog.view(Scope(schema_name="acme", tenant="other"))
    assert source.reads == [("acme",), ("globex",)]


async def test_it_reads_the_schemas_of_exposed_tables(source: Any, clock: Any) -> None:
    catalog = SchemaCatalog(
        source, source.dependencies, clock, exposed_tables=["flights", "ops.crew"]
    )
    await catalog.view(SCOPE)
    assert source.reads == [("public", "ops")]


async def test_the_number_of_kept_readings_is_bounded(source: Any, clock: Any) -> None:
    catalog = SchemaCatalog(source, source.dependencies, clock, max_schemas=2)
    a, b, c = (Scope(schema_name=name) for name in "abc")
    await catalog.view(a)
    await catalog.view(b)
    await catalog.view(a)  # b is now the one that was used longest ago
    await catalog.view(c)
    await catalog.view(a)
    assert source.reads == [("a",), ("b",), ("c",)]
    await catalog.view(b)
    assert source.reads[-1] == ("b",)
    assert len(source.reads) == 4


async def test_what_is_hidden_is_not_in_the_view(
    source: Any, clock: Any, flights_schema: DatabaseSchema
) -> None:
    source.schema = flights_schema
    hidden = SchemaConfig(
        tables={
            "flights": TableConfig(columns={"crew_notes": ColumnConfig(hidden=True)}),
            "airlines": TableConfig(hidden=True),
        }
    )
    view = await SchemaCatalog(source, source.dependencies, clock, config=hidden).view(SCOPE)
    assert view.table_names() == ["flights"]
    flights = view.table("flights")
    assert flights is not None
    assert "crew_notes" not in flights.columns


async def test_a_missing_exposed_table_is_named_with_a_suggestion(
    source: Any, clock: Any, flights_schema: DatabaseSchema
) -> None:
    source.schema = flights_schema
    catalog = SchemaCatalog(
        source, source.dependencies, clock, exposed_tables=["airlines", "fligths"]
    )
    with pytest.raises(ConfigurationError) as caught:
        await catalog.require_exposed_tables(SCOPE)
    assert caught.value.message == (
        'exposed_tables names "fligths", which the database does not have. Did you mean "flights"?'
    )


async def test_a_table_that_is_exposed_and_hidden_is_not_missing(
    source: Any, clock: Any, flights_schema: DatabaseSchema
) -> None:
    source.schema = flights_schema
    hidden = SchemaConfig(tables={"flights": TableConfig(hidden=True)})
    catalog = SchemaCatalog(
        source, source.dependencies, clock, exposed_tables=["flights"], config=hidden
    )
    await catalog.require_exposed_tables(SCOPE)


async def test_closing_forgets_everything(
    catalog: SchemaCatalog, source: Any, let_others_run: LetOthersRun
) -> None:
    await catalog.view(SCOPE)
    source.holds = True
    waiting = asyncio.create_task(catalog.refresh(SCOPE))
    await let_others_run()
    await catalog.close()
    assert source.cancelled == 1
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(SchemaNotLoadedError):
        catalog.known_view(SCOPE)
