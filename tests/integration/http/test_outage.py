"""A database that is down, goes down, and comes back."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq import (
    ConfigurationError,
    DatabaseUnavailableError,
    PrismiqEngine,
    QueryDefinition,
    create_router,
)
from prismiq.adapters.embedded.server import EmbeddedPostgres

QUERY = {
    "tables": [{"id": "t", "name": "things"}],
    "columns": [{"table_id": "t", "column": "*", "aggregation": "count", "alias": "n"}],
}


async def make_things(dsn: str) -> None:
    connection: Any = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE things AS SELECT 1 AS id")
    await connection.close()


@pytest.fixture
def database(server_dir: Path) -> EmbeddedPostgres:
    """A server of one test's own, not yet running."""
    return EmbeddedPostgres(server_dir / "data")


async def test_a_query_during_an_outage_is_refused_and_the_next_one_after_it_is_not(
    database: EmbeddedPostgres, connect: Any
) -> None:
    database.start()
    try:
        await make_things(database.dsn)
        engine = PrismiqEngine(database.dsn, pool_max_size=3)
        app = FastAPI()
        app.include_router(create_router(engine), prefix="/api")
        client: httpx.AsyncClient = await connect(app)
        async with engine:
            for _ in range(3):
                assert (await client.post("/query/execute", json=QUERY)).json()["rows"] == [[1]]
                await asyncio.to_thread(database.stop)
                for response in await asyncio.gather(
                    *(client.post("/query/execute", json=QUERY) for _ in range(10)),
                    client.get("/tables/things/columns/id/sample"),
                    client.post("/query/explain", json=QUERY),
                ):
                    assert (response.status_code, response.json()["code"]) == (
                        503,
                        "database_unavailable",
                    )
                    assert response.json()["detail"] == (
                        "The database cannot be reached at the moment."
                    )
                    assert int(response.headers["retry-after"]) >= 1
                assert not await engine.check_connection()
                # What is known does not need the database.
                assert (await client.get("/tables")).json() == ["things"]
                assert (await client.post("/query/validate", json=QUERY)).json()["valid"]
                await asyncio.to_thread(database.start)
            assert await engine.check_connection()
            assert (await client.post("/query/execute", json=QUERY)).status_code == 200
    finally:
        await asyncio.to_thread(database.stop)


async def test_an_engine_does_not_start_without_its_database_and_can_be_started_again(
    database: EmbeddedPostgres,
) -> None:
    engine = PrismiqEngine(database.dsn)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await engine.startup()
        assert caught.value.message == "The database cannot be reached at the moment."
    database.start()
    try:
        await make_things(database.dsn)
        async with engine:
            result = await engine.execute_query(QueryDefinition.model_validate(QUERY))
            assert result.rows == [[1]]
    finally:
        await asyncio.to_thread(database.stop)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("/test_", "/no_such_"), "no such database"),
        (("//postgres@", "//nobody_at_all@"), "refused the login"),
    ],
)
async def test_an_address_that_leads_nowhere_is_a_wrong_setting(
    module_database: str, change: tuple[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await PrismiqEngine(module_database.replace(*change)).startup()
    assert said in caught.value.message


async def test_a_port_where_nobody_listens_is_an_outage() -> None:
    engine = PrismiqEngine("postgresql://ann:S3CRET@127.0.0.1:1/shop")
    with pytest.raises(DatabaseUnavailableError) as caught:
        await engine.startup()
    assert "S3CRET" not in str(caught.value)
