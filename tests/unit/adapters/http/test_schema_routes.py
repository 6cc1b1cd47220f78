"""What there is to ask about."""

from typing import Any

import httpx
import pytest

from prismiq.domain.model.errors import DatabaseUnavailableError
from prismiq.domain.model.result import RowBatch


async def test_the_schema_has_everything_that_is_visible(client: httpx.AsyncClient) -> None:
    response = await client.get("/schema")
    document = response.json()
    assert [table["name"] for table in document["tables"]] == ["flights", "airlines"]
    assert document["relationships"] == [
        {
            "from_table": "flights",
            "from_column": "carrier",
            "to_table": "airlines",
            "to_column": "carrier",
            "constraint_name": None,
        }
    ]
    assert "crew_notes" not in response.text


async def test_tables_are_listed_by_name(client: httpx.AsyncClient) -> None:
    assert (await client.get("/tables")).json() == ["airlines", "flights"]


async def test_one_table_has_its_columns(client: httpx.AsyncClient) -> None:
    document = (await client.get("/tables/flights")).json()
    assert [column["name"] for column in document["columns"]] == [
        "id",
        "carrier",
        "dep_delay",
        "time_hour",
    ]
    assert document["columns"][0] == {
        "name": "id",
        "data_type": "bigint",
        "is_nullable": True,
        "is_primary_key": True,
        "default_value": None,
        "display_name": None,
        "description": None,
        "format": None,
        "date_format": None,
        "enum_values": None,
    }


async def test_an_unknown_table_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get("/tables/flihgts")
    assert (response.status_code, response.json()["code"]) == (404, "table_not_found")
    assert response.json()["detail"] == 'There is no table "flihgts". Did you mean "flights"?'


async def test_a_sample_keeps_values_as_the_database_wrote_them(
    client: httpx.AsyncClient, runner: Any
) -> None:
    runner.batch = RowBatch(b'[[1.10],["a],[b"],[null],[[1,2]]]', 4, truncated=False)
    response = await client.get("/tables/flights/columns/carrier/sample?limit=4")
    assert response.text == '{"values":[1.10,"a],[b",null,[1,2]]}'
    assert runner.calls[0][2] == 4


async def test_a_hidden_column_is_not_found(client: httpx.AsyncClient, runner: Any) -> None:
    for column in ("crew_notes", "crew_note", "nothing"):
        response = await client.get(f"/tables/flights/columns/{column}/sample")
        assert (response.status_code, response.json()["code"]) == (404, "column_not_found")
        assert response.json()["detail"] == f'Table "flights" has no column "{column}".'
    assert runner.calls == []


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1e3", str(2**70)])
async def test_a_senseless_size_of_a_sample_is_refused(
    client: httpx.AsyncClient, limit: str
) -> None:
    response = await client.get(f"/tables/flights/columns/carrier/sample?limit={limit}")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert [error["field"] for error in response.json()["errors"]] == ["limit"]


async def test_without_a_database_there_is_no_schema(
    client: httpx.AsyncClient, source: Any
) -> None:
    source.error = DatabaseUnavailableError()
    for path in ("/schema", "/tables", "/tables/flights", "/tables/flights/columns/carrier/sample"):
        response = await client.get(path)
        assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")
        assert response.headers["retry-after"] == "5"
    source.error = None
    assert (await client.get("/tables")).status_code == 200
