"""Whatever comes in, the answer has a stable code and a sentence that helps."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx
import pytest

Ask: TypeAlias = Callable[..., Awaitable[httpx.Response]]
JSON = {"Content-Type": "application/json"}
COUNT = {"table_id": "t", "column": "*", "aggregation": "count"}


def where(column: str, operator: str, value: Any) -> dict[str, Any]:
    return {"table_id": "t", "column": column, "operator": operator, "value": value}


def refused(response: httpx.Response, status: int, code: str, said: str) -> Any:
    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, document["code"]) == (status, code), document
    assert document["request_id"] == response.headers["x-request-id"]
    assert said in document["detail"], document["detail"]
    return document


def fault(response: httpx.Response, field: str | None, code: str, said: str) -> None:
    document = refused(response, 400, "invalid_query", said)
    assert [(error["field"], error["code"]) for error in document["errors"]] == [(field, code)]


async def test_unknown_table(ask: Ask) -> None:
    response = await ask("flihgts", "carrier")
    fault(
        response, "tables[0].name", "table_not_found", 'no table "flihgts". Did you mean "flights"?'
    )


async def test_table_that_is_not_exposed(ask: Ask, client: httpx.AsyncClient) -> None:
    for name in ("payroll", "payrol"):
        response = await ask(name, "salary")
        fault(response, "tables[0].name", "table_not_found", f'There is no table "{name}".')
        assert "Did you mean" not in response.text
    path = await client.get("/tables/payroll")
    refused(path, 404, "table_not_found", 'There is no table "payroll".')


async def test_table_of_another_schema(ask: Ask) -> None:
    tables = [{"id": "t", "name": "columns", "schema_name": "information_schema"}]
    response = await ask("", "table_name", tables=tables)
    fault(response, "tables[0].name", "table_not_found", 'There is no table "columns".')


async def test_unknown_column(ask: Ask) -> None:
    response = await ask("flights", "carier")
    fault(response, "columns[0].column", "column_not_found", 'Did you mean "carrier"?')


async def test_all_problems_at_once(ask: Ask) -> None:
    response = await ask(
        "flights",
        "carier",
        limit=0,
        filters=[where("dep_delay", "eq", True)],
        order_by=[{"column": "x"}],
    )
    document = refused(response, 400, "invalid_query", "")
    assert {error["field"] for error in document["errors"]} == {
        "limit",
        "columns[0].column",
        "filters[0].value",
        "order_by[0].column",
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("dep_delay", True),
        ("dep_delay", "five"),
        ("dep_delay", 1.5),
        ("dep_delay", 2**70),
        ("dep_delay", [1]),
        ("dep_delay", {"a": 1}),
        ("id", 2**63),
        ("day", "abc"),
        ("day", "2013-02-30"),
        ("day", 5),
        ("time_hour", "yesterday evening"),
        ("time_hour", "99999-01-01T00:00:00Z"),
        ("diverted", 1),
        ("diverted", "maybe"),
        ("status", "flying"),
        ("fare", "a lot"),
        ("distance", "NaN?"),
        ("carrier", 5),
        ("carrier", "nul \x00 byte"),
        ("carrier", None),
    ],
)
async def test_wrong_type_for_a_filter(ask: Ask, column: str, value: Any) -> None:
    response = await ask("flights", COUNT, filters=[where(column, "eq", value)])
    document = refused(response, 400, "invalid_query", "")
    [error] = document["errors"]
    assert error["field"] == "filters[0].value"
    assert error["message"].endswith(".")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
async def test_numbers_that_json_does_not_know(client: httpx.AsyncClient, number: bytes) -> None:
    query = json.dumps(
        {
            "tables": [{"id": "t", "name": "flights"}],
            "columns": [COUNT],
            "filters": [where("distance", "gt", 111)],
        }
    )
    body = query.encode().replace(b"111", number)
    response = await client.post("/query/execute", content=body, headers=JSON)
    refused(response, 422, "invalid_json", "The body is not valid JSON: ")


async def test_number_beyond_all_types(client: httpx.AsyncClient) -> None:
    query = json.dumps(
        {
            "tables": [{"id": "t", "name": "flights"}],
            "columns": [COUNT],
            "filters": [
                where("dep_delay", "gt", 111),
                where("fare", "gt", 111),
                where("distance", "gt", 111),
            ],
        }
    )
    for number in (b"1e999", b"9" * 4_000):
        body = query.encode().replace(b"111", number)
        response = await client.post("/query/execute", content=body, headers=JSON)
        document = refused(response, 400, "invalid_query", "")
        assert document["errors"][0]["field"] == "filters[0].value"


async def test_lone_surrogate(client: httpx.AsyncClient) -> None:
    body = b'{"tables": [{"id": "t", "name": "flights"}], "columns": [{"table_id": "\\ud800"}]}'
    response = await client.post("/query/execute", content=body, headers=JSON)
    refused(response, 422, "invalid_json", "The body is not valid JSON: ")


@pytest.mark.parametrize("operator", ["in_", "not_in", "in_or_null"])
async def test_empty_list(ask: Ask, operator: str) -> None:
    response = await ask("flights", COUNT, filters=[where("dep_delay", operator, [])])
    fault(response, "filters[0].value", "empty_list", "The list is empty")


async def test_list_of_100_000(ask: Ask) -> None:
    response = await ask("flights", COUNT, filters=[where("id", "in_", list(range(100_000)))])
    fault(response, "filters[0].value", "list_too_long", "10000")


@pytest.mark.parametrize("limit", [0, -1, -(2**70)])
async def test_senseless_limit(ask: Ask, limit: int) -> None:
    response = await ask("flights", "carrier", limit=limit)
    fault(response, "limit", "limit_out_of_range", "'limit' must be at least 1.")


async def test_limit_beyond_what_is_allowed_is_cut(ask: Ask) -> None:
    for limit in (200, 201, 2**70):
        document = (await ask("flights", "carrier", limit=limit)).json()
        assert (document["row_count"], document["truncated"]) == (200, True)


async def test_offset_beyond_the_end(ask: Ask) -> None:
    document = (await ask("flights", "carrier", offset=300)).json()
    assert (document["rows"], document["truncated"]) == ([], False)
    assert document["columns"] == ["carrier"]
    assert document["column_types"] == ["text"]


@pytest.mark.parametrize("offset", [-1, 1_000_001, 2**70])
async def test_senseless_offset(ask: Ask, offset: int) -> None:
    response = await ask("flights", "carrier", offset=offset)
    fault(response, "offset", "offset_out_of_range", "'offset' must be between 0 and 1000000.")


async def test_duplicate_table_ids(ask: Ask) -> None:
    tables = [{"id": "t", "name": "flights"}, {"id": "t", "name": "airlines"}]
    response = await ask("", "carrier", tables=tables)
    codes = [error["code"] for error in response.json()["errors"]]
    assert response.status_code == 400
    assert codes[0] == "duplicate_table_id"


async def test_self_join_needs_two_ids(ask: Ask) -> None:
    join = {"from_table_id": "t", "from_column": "id", "to_table_id": "t", "to_column": "id"}
    response = await ask("flights", "id", joins=[join])
    fault(response, "joins[0].to_table_id", "join_to_itself", "list it twice with two ids")
    response = await ask(
        "",
        "id",
        tables=[{"id": "t", "name": "flights"}, {"id": "u", "name": "flights"}],
        joins=[{**join, "to_table_id": "u"}],
        limit=1,
    )
    assert response.status_code == 200


async def test_tables_without_a_join(ask: Ask) -> None:
    tables = [{"id": "t", "name": "flights"}, {"id": "u", "name": "airlines"}]
    response = await ask("", "id", tables=tables)
    fault(response, "joins", "disconnected_tables", "Add a join for each table after the first.")


@pytest.mark.parametrize(
    "name",
    ['sel"ect', "select", "$1", "🛫", "'; DROP TABLE flights; --", "a\nb", "%s{}\\", "x" * 200],
)
async def test_any_text_is_a_good_alias(ask: Ask, name: str) -> None:
    response = await ask(
        "flights",
        {"table_id": "t", "column": "*", "aggregation": "count", "alias": name},
        order_by=[{"column": name}],
        having=[{"column": name, "operator": "gt", "value": 0}],
    )
    document = response.json()
    assert response.status_code == 200, document
    assert (document["columns"], document["rows"]) == ([name], [[300]])


@pytest.mark.parametrize("name", ["", "x" * 201, "nul \x00"])
async def test_some_texts_are_not(ask: Ask, name: str) -> None:
    response = await ask("flights", {**COUNT, "alias": name})
    fault(response, "columns[0].alias", "invalid_alias", "A name of a result column")


async def test_any_text_is_a_good_identifier(ask: Ask, client: httpx.AsyncClient) -> None:
    table = 'or"der $1 🛫; --'
    response = await ask(
        table,
        "sel'ect",
        "$1",
        "group",
        "🛫",
        filters=[where("$1", "eq", "one"), where("group", "eq", "g")],
        order_by=[{"table_id": "t", "column": "sel'ect"}],
    )
    document = response.json()
    assert response.status_code == 200, document
    assert document["columns"] == ["sel'ect", "$1", "group", "🛫"]
    assert document["rows"] == [[1, "one", "g", "up"]]
    address = f"/tables/{quote(table, safe='')}"
    assert (await client.get(address)).json()["name"] == table
    sample = await client.get(f"{address}/columns/{quote('🛫')}/sample")
    assert sample.json() == {"values": ["down", "up"]}


@pytest.mark.parametrize("name", ['"; DROP TABLE flights; --', 'carrier", salary', "$1", "*"])
async def test_hostile_column_names_are_only_unknown(ask: Ask, name: str) -> None:
    response = await ask("flights", name)
    document = response.json()
    assert (response.status_code, document["code"]) == (400, "invalid_query")
    assert document["errors"][0]["code"] in {"column_not_found", "star_not_allowed"}


def _nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = where("id", "eq", 1)
    for _ in range(depth):
        node = {"not": node}
    return node


async def test_filters_nested_too_deep(ask: Ask, client: httpx.AsyncClient) -> None:
    response = await ask("flights", COUNT, filters=[_nested(50)])
    fault(response, "filters", "filters_too_deep", "at most 10 levels")
    million = b'{"tables":[],"filters":[' + b'{"not":' * 140_000 + b"1" + b"}" * 10
    assert len(million) < 1024 * 1024
    response = await client.post("/query/execute", content=million, headers=JSON)
    refused(response, 422, "invalid_json", "recursion limit exceeded")


async def test_too_many_filters(ask: Ask) -> None:
    condition = where("id", "eq", 1)
    response = await ask("flights", COUNT, filters=[condition] * 101)
    fault(response, "filters", "too_many_filters", "101 conditions; at most 100")
    response = await ask("flights", COUNT, filters=[{"or": [{"and": [condition] * 20}] * 20}])
    fault(response, "filters", "too_many_filters", "400 conditions; at most 100")


async def test_a_megabyte_of_nested_filters(ask: Ask) -> None:
    group = {"or": [{"and": [where("id", "eq", 1)] * 50}] * 300}
    response = await ask("flights", COUNT, filters=[group])
    refused(response, 422, "too_many_parts", "more than 3000 fields and list members")


async def test_more_than_a_megabyte(ask: Ask) -> None:
    response = await ask("flights", COUNT, filters=[where("carrier", "eq", "x" * 1024 * 1024)])
    refused(response, 413, "body_too_large", "at most 1048576 bytes")


async def test_long_value(ask: Ask) -> None:
    response = await ask("flights", COUNT, filters=[where("carrier", "eq", "x" * 10_001)])
    fault(response, "filters[0].value", "value_too_long", "")


async def test_invalid_json(client: httpx.AsyncClient) -> None:
    response = await client.post("/query/execute", content=b'{"tables": [}', headers=JSON)
    refused(response, 422, "invalid_json", "expected value at line 1 column 13")


async def test_invalid_utf8(client: httpx.AsyncClient) -> None:
    response = await client.post("/query/execute", content=b'{"tables": "\xff"}', headers=JSON)
    refused(response, 422, "invalid_encoding", "look at byte 12")


async def test_wrong_content_type(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/query/execute", content=b"{}", headers={"Content-Type": "text/plain"}
    )
    refused(response, 415, "unsupported_media_type", "'Content-Type: application/json'")


async def test_raw_sql_has_no_place(ask: Ask) -> None:
    response = await ask(
        "flights", {"table_id": "t", "column": "carrier", "sql_expression": "pg_sleep(9)"}
    )
    document = refused(response, 422, "invalid_request", "is not a known field")
    assert document["errors"][0]["field"] == "columns[0].sql_expression"


async def test_division_by_zero(ask: Ask) -> None:
    refused(await ask("divisions", "quotient"), 400, "division_by_zero", "divides by zero")


async def test_number_out_of_range(ask: Ask) -> None:
    refused(await ask("overflows", "number"), 400, "numeric_out_of_range", "out of range")


async def test_text_that_is_no_number(ask: Ask) -> None:
    refused(await ask("broken_texts", "number"), 400, "invalid_value", "not valid for its type")


async def test_no_privilege(ask: Ask) -> None:
    refused(await ask("locked", "id"), 500, "permission_denied", "may not read")


async def test_slow_query(ask: Ask, module_connection: Any) -> None:
    response = await ask("naps", "nap")
    refused(response, 504, "query_timeout", "longer than 1 seconds")
    busy = await module_connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE usename = 'http_reader' AND datname = current_database() AND state <> 'idle'"
    )
    assert busy == 0
    assert (await ask("flights", COUNT)).json()["rows"] == [[300]]


async def test_unknown_addresses_of_tables_and_columns(client: httpx.AsyncClient) -> None:
    for path, code in (
        ("/tables/nothing", "table_not_found"),
        ("/tables/nothing/columns/carrier/sample", "table_not_found"),
        ("/tables/flights/columns/nothing/sample", "column_not_found"),
        ("/tables/%00/columns/x/sample", "table_not_found"),
        ("/tables/flights/columns/%22%3B--/sample", "column_not_found"),
    ):
        refused(await client.get(path), 404, code, "")
