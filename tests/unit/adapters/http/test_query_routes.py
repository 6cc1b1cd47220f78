"""The other questions about a query."""

from typing import Any

import httpx
import pytest

from prismiq.domain.model.errors import SchemaChangedError

QUERY = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [{"table_id": "f", "column": "carrier"}],
}
WRONG = {**QUERY, "columns": [{"table_id": "f", "column": "carier"}], "limit": 0}


async def test_validation_answers_in_sentences(client: httpx.AsyncClient) -> None:
    valid = await client.post("/query/validate", json=QUERY)
    assert (valid.status_code, valid.json()) == (200, {"valid": True, "errors": []})
    wrong = await client.post("/query/validate", json=WRONG)
    assert wrong.status_code == 200
    assert wrong.json() == {
        "valid": False,
        "errors": [
            "'limit' must be at least 1. Leave 'limit' out to get as many rows as allowed.",
            'Table "flights" has no column "carier". Did you mean "carrier"?',
        ],
    }


async def test_detailed_validation_has_code_field_and_suggestion(client: httpx.AsyncClient) -> None:
    response = await client.post("/query/validate/detailed", json=WRONG)
    assert response.status_code == 200
    document = response.json()
    assert not document["valid"]
    assert document["errors"][1] == {
        "code": "column_not_found",
        "message": 'Table "flights" has no column "carier".',
        "field": "columns[0].column",
        "suggestion": 'Did you mean "carrier"?',
    }


async def test_a_query_can_be_seen_as_its_statement(client: httpx.AsyncClient, runner: Any) -> None:
    response = await client.post("/query/sql", json=QUERY)
    assert response.json() == {"sql": "SELECT …", "parameters": [1]}
    assert runner.calls == []


async def test_a_preview_has_a_limit_of_its_own(client: httpx.AsyncClient, compiler: Any) -> None:
    response = await client.post("/query/preview?limit=7", json=QUERY)
    assert response.json()["row_count"] == 2
    assert response.headers["x-cache"] == "MISS"
    await client.post("/query/preview", json=QUERY)
    assert [plan.limit for plan in compiler.plans] == [7, 100]


@pytest.mark.parametrize(
    ("limit", "code"), [("0", "out_of_range"), ("-1", "out_of_range"), ("ten", "wrong_type")]
)
async def test_a_senseless_limit_is_refused(
    client: httpx.AsyncClient, limit: str, code: str
) -> None:
    response = await client.post(f"/query/preview?limit={limit}", json=QUERY)
    document = response.json()
    assert (response.status_code, document["code"]) == (422, "invalid_request")
    assert [(error["field"], error["code"]) for error in document["errors"]] == [("limit", code)]


async def test_an_estimate(client: httpx.AsyncClient) -> None:
    response = await client.post("/query/explain", json=QUERY)
    assert response.json() == {"startup_cost": 0.5, "total_cost": 8.0, "estimated_rows": 7}


@pytest.mark.parametrize("path", ["execute", "preview", "sql", "explain"])
async def test_an_invalid_query_is_refused_with_all_its_faults(
    client: httpx.AsyncClient, path: str
) -> None:
    response = await client.post(f"/query/{path}", json=WRONG)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["limit", "columns[0].column"]


@pytest.mark.parametrize("path", ["validate", "validate/detailed", "sql", "preview", "explain"])
async def test_every_path_refuses_what_is_no_query(client: httpx.AsyncClient, path: str) -> None:
    url = f"/query/{path}"
    json_header = {"Content-Type": "application/json"}
    for content, headers, status, code in (
        (b"{", json_header, 422, "invalid_json"),
        (b'"\xff"', json_header, 422, "invalid_encoding"),
        (b"{}", json_header, 422, "invalid_request"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b" " * 10_001, json_header, 413, "body_too_large"),
    ):
        response = await client.post(url, content=content, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_changed_schema_asks_to_come_again(client: httpx.AsyncClient, runner: Any) -> None:
    runner.error = SchemaChangedError()
    response = await client.post("/query/explain", json=QUERY)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
