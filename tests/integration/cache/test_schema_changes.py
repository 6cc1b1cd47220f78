"""After a change of the schema, nothing that was kept before it is served."""

from typing import Any

import pytest
from tests.integration.cache.conftest import OpenEngine

from prismiq import (
    ColumnConfig,
    PrismiqEngine,
    QueryDefinition,
    QueryValidationError,
    SchemaConfig,
    TableConfig,
)

_SETUP = """
CREATE TABLE things (id integer PRIMARY KEY, note text, secret text);
INSERT INTO things VALUES (1, 'one', 'hush');
CREATE TABLE others (id integer PRIMARY KEY, note text);
INSERT INTO others VALUES (2, 'two');
CREATE VIEW seen AS SELECT id, note FROM things;
CREATE VIEW twice_seen AS SELECT id, note FROM seen
"""


def select(table: str, column: str = "note") -> QueryDefinition:
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "t", "name": table}],
            "columns": [{"table_id": "t", "column": column}],
        }
    )


async def rows(engine: PrismiqEngine, query: QueryDefinition) -> Any:
    return (await engine.execute_query(query)).rows


@pytest.fixture
async def engines(
    database: str, connection: Any, open_engine: OpenEngine, store: str
) -> list[PrismiqEngine]:
    """One that keeps answers in memory, or two that share a Redis."""
    await connection.execute(_SETUP)
    number = 2 if store == "redis" else 1
    return [await open_engine(database, store=store) for _ in range(number)]


@pytest.mark.parametrize(
    ("change", "table", "expected"),
    [
        (
            "ALTER TABLE things RENAME COLUMN note TO old;"
            "ALTER TABLE things RENAME COLUMN secret TO note",
            "things",
            [["hush"]],
        ),
        (
            "DROP VIEW seen CASCADE;"
            "ALTER TABLE things ALTER COLUMN note TYPE integer USING length(note)",
            "things",
            [[3]],
        ),
        ("DROP TABLE things CASCADE; ALTER TABLE others RENAME TO things", "things", [["two"]]),
        ("CREATE OR REPLACE VIEW seen AS SELECT id, note FROM others", "seen", [["two"]]),
        ("CREATE OR REPLACE VIEW seen AS SELECT id, note FROM others", "twice_seen", [["two"]]),
        (
            "ALTER TABLE things ENABLE ROW LEVEL SECURITY; ALTER TABLE things FORCE ROW LEVEL"
            " SECURITY; CREATE ROLE nobody_special; ALTER TABLE things OWNER TO nobody_special;"
            "ALTER VIEW seen OWNER TO nobody_special",
            "seen",
            [],
        ),
    ],
    ids=["renamed", "type", "table", "view", "view of the view", "row security"],
)  # fmt: skip
async def test_what_means_something_else_is_computed_anew(
    engines: list[PrismiqEngine], connection: Any, change: str, table: str, expected: Any
) -> None:
    for engine in engines:
        for _ in range(2):
            assert await rows(engine, select(table)) == [["one"]]
    try:
        await connection.execute(change)
        for engine in engines:
            await engine.get_schema(force_refresh=True)
            for _ in range(2):
                assert await rows(engine, select(table)) == expected
    finally:
        await connection.execute(
            "DROP TABLE IF EXISTS things, others CASCADE; DROP ROLE IF EXISTS nobody_special"
        )


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE things DROP COLUMN note CASCADE", "DROP TABLE things CASCADE"],
    ids=["column", "table"],
)
async def test_what_is_no_more_is_not_answered(
    engines: list[PrismiqEngine], connection: Any, change: str
) -> None:
    query = select("things")
    for engine in engines:
        await rows(engine, query)
    await connection.execute(change)
    for engine in engines:
        await engine.get_schema(force_refresh=True)
        for again in (query, select("things")):
            with pytest.raises(QueryValidationError):
                await engine.execute_query(again)
            assert engine.query_cache is not None
            with pytest.raises(QueryValidationError):
                await engine.query_cache.get_result(again)


async def test_a_query_that_finds_the_table_gone_is_not_answered_from_what_was_kept(
    engines: list[PrismiqEngine], connection: Any
) -> None:
    """Nobody has told the engine yet, and it is asked for a fresh answer."""
    for engine in engines:
        await rows(engine, select("things"))
    await connection.execute("DROP TABLE things CASCADE")
    for engine in engines:
        with pytest.raises(Exception, match="schema"):
            await engine.execute_query(select("things"), use_cache=False)


async def test_what_is_hidden_is_never_answered_from_what_another_engine_has_kept(
    database: str, connection: Any, open_engine: OpenEngine
) -> None:
    await connection.execute(_SETUP)
    wide = await open_engine(database, store="redis")
    hidden = SchemaConfig(
        tables={
            "things": TableConfig(columns={"secret": ColumnConfig(hidden=True)}),
            "others": TableConfig(hidden=True),
        }
    )
    narrow = await open_engine(database, None, hidden, store="redis")
    narrower = await open_engine(database, ["others"], store="redis")
    filtered = QueryDefinition.model_validate(
        {
            **select("things").model_dump(mode="json", exclude_none=True),
            "filters": [{"table_id": "t", "column": "secret", "operator": "eq", "value": "hush"}],
        }
    )
    refused = {
        narrow: [select("things", "secret"), select("others"), filtered],
        narrower: [select("things"), select("seen"), filtered],
    }
    for engine, queries in refused.items():
        for query in queries:
            assert await rows(wide, query)
            for _ in range(2):
                with pytest.raises(QueryValidationError):
                    await engine.execute_query(query)
                with pytest.raises(QueryValidationError):
                    await engine.execute_query(query, use_cache=False)
