"""A Redis that engines of several databases, roles and servers share by the same prefix."""

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.integration.cache.conftest import OpenEngine

from prismiq import InMemoryCache, PrismiqEngine, QueryDefinition, RedisCache, SchemaIntrospector
from prismiq.adapters.embedded.server import EmbeddedPostgres

OWNERS = QueryDefinition.model_validate(
    {
        "tables": [{"id": "a", "name": "accounts"}],
        "columns": [{"table_id": "a", "column": "owner"}],
        "order_by": [{"column": "owner"}],
    }
)
_numbers = itertools.count(1)


async def owners(engine: PrismiqEngine) -> list[str]:
    return [owner for [owner] in (await engine.execute_query(OWNERS)).rows]


async def run(dsn: str, statements: str) -> None:
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


@pytest.fixture
async def copy_of(postgres_dsn: str) -> AsyncIterator[Callable[[str], Any]]:
    """Make a database that looks exactly as another one does inside, to the numbers of tables."""
    copies = []

    async def copy(dsn: str) -> str:
        template = urlsplit(dsn).path.strip("/")
        name = f"copy_{next(_numbers)}"
        await run(postgres_dsn, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        copies.append(name)
        return dsn.replace(f"/{template}?", f"/{name}?")

    yield copy
    for name in copies:
        await run(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_database_is_never_answered_with_rows_of_its_copy(
    database: str, copy_of: Any, open_engine: OpenEngine
) -> None:
    await run(database, "CREATE TABLE accounts AS SELECT 'ann' AS owner")
    other = await copy_of(database)
    await run(other, "UPDATE accounts SET owner = 'bob'")
    engine, of_the_copy = [await open_engine(dsn, store="redis") for dsn in (database, other)]
    for _ in range(2):
        assert await owners(engine) == ["ann"]
        assert await owners(of_the_copy) == ["bob"]


async def test_a_role_is_never_answered_with_rows_of_another(
    database: str, dsn_for: Any, open_engine: OpenEngine
) -> None:
    await run(
        database,
        "CREATE TABLE accounts (owner text);"
        "INSERT INTO accounts VALUES ('cache_ann'), ('cache_bob');"
        "ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON accounts USING (owner = current_user);"
        "DO $$ BEGIN CREATE ROLE cache_ann LOGIN; CREATE ROLE cache_bob LOGIN;"
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "GRANT SELECT ON accounts TO cache_ann, cache_bob",
    )
    roles = ["cache_ann", "cache_bob"]
    engines = [await open_engine(dsn_for(database, role), store="redis") for role in roles]
    everything = await open_engine(database, store="redis")
    for _ in range(2):
        assert [await owners(engine) for engine in engines] == [[role] for role in roles]
        assert await owners(everything) == roles


async def test_a_server_is_never_answered_with_rows_of_one_that_was_set_up_alike(
    server_dir: Path, open_engine: OpenEngine
) -> None:
    """As staging and production are, where the same scripts have made both."""
    with (
        EmbeddedPostgres(server_dir / "a") as production,
        EmbeddedPostgres(server_dir / "b") as staging,
    ):
        engines = []
        for server, owner in ((production, "ann"), (staging, "bob")):
            await run(server.dsn, f"CREATE TABLE accounts AS SELECT '{owner}' AS owner")
            engines.append(await open_engine(server.dsn, store="redis"))
        for _ in range(2):
            assert [await owners(engine) for engine in engines] == [["ann"], ["bob"]]
        for engine in engines:
            await engine.shutdown()


async def test_a_schema_is_never_that_of_another_database(
    database: str, copy_of: Any, store: str, request: pytest.FixtureRequest, prefix: str
) -> None:
    await run(database, "CREATE TABLE accounts (owner text)")
    other = await copy_of(database)
    await run(other, "CREATE TABLE more (id integer)")
    cache: Any = InMemoryCache()
    if store == "redis":
        cache = RedisCache(request.getfixturevalue("redis_url"), prefix=prefix)
    for _ in range(2):
        for dsn, names in ((database, ["accounts"]), (other, ["accounts", "more"])):
            async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
                schema = await SchemaIntrospector(pool, cache).get_schema()
                assert [table.name for table in schema.tables] == names
    if store == "redis":
        await cache.disconnect()
