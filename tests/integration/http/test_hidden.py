"""A hidden column does not exist: in no position, in no answer, in no suggestion."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import httpx
import pytest

Ask: TypeAlias = Callable[..., Awaitable[httpx.Response]]

NOTES = {"table_id": "t", "column": "crew_notes"}
COUNT = {"table_id": "t", "column": "*", "aggregation": "count"}
TWO_TABLES = [{"id": "t", "name": "flights"}, {"id": "a", "name": "airlines"}]
WITH_AIRLINES = {
    "from_table_id": "t",
    "from_column": "carrier",
    "to_table_id": "a",
    "to_column": "carrier",
}
POSITIONS: dict[str, dict[str, Any]] = {
    "selection": {"columns": [NOTES]},
    "aggregation": {"columns": [{**NOTES, "aggregation": "max"}]},
    "count": {"columns": [{**NOTES, "aggregation": "count"}]},
    "truncated date": {
        "columns": [{"table_id": "t", "column": "crew_called_at", "date_trunc": "day"}]
    },
    "filter": {"filters": [{**NOTES, "operator": "like", "value": "S%"}]},
    "null test": {"filters": [{**NOTES, "operator": "is_null"}]},
    "nested filter": {
        "filters": [{"or": [{"not": {"and": [{**NOTES, "operator": "eq", "value": "x"}]}}]}]
    },
    "sort": {"order_by": [NOTES]},
    "sort by name": {"order_by": [{"column": "crew_notes"}]},
    "group": {"group_by": [NOTES]},
    "having": {"having": [{**NOTES, "aggregation": "max", "operator": "eq", "value": "x"}]},
    "having by name": {"having": [{"column": "crew_notes", "operator": "eq", "value": "x"}]},
    "join from": {"tables": TWO_TABLES, "joins": [{**WITH_AIRLINES, "from_column": "crew_notes"}]},
    "join to": {
        "tables": TWO_TABLES,
        "joins": [
            {
                "from_table_id": "a",
                "from_column": "carrier",
                "to_table_id": "t",
                "to_column": "crew_notes",
            }
        ],
    },
    "join on": {
        "tables": TWO_TABLES,
        "joins": [{**WITH_AIRLINES, "on": [{"from_column": "crew_notes", "to_column": "name"}]}],
    },
    "time series": {
        "time_series": {"table_id": "t", "date_column": "crew_called_at", "interval": "day"}
    },
}


@pytest.mark.parametrize("path", ["execute", "preview", "sql", "explain", "validate/detailed"])
@pytest.mark.parametrize("position", POSITIONS)
async def test_a_hidden_column_has_no_position(ask: Ask, path: str, position: str) -> None:
    parts = {"columns": [COUNT], **POSITIONS[position]}
    hidden = await ask("flights", to=f"/query/{path}", **parts)
    unknown = await ask("flights", to=f"/query/{path}", **_renamed(parts))
    assert hidden.status_code == unknown.status_code == (200 if "validate" in path else 400)
    assert _faults(hidden), position
    # What is hidden and what never was cannot be told apart.
    assert [(error["code"], error["field"], error["suggestion"]) for error in _faults(hidden)] == [
        (error["code"], error["field"], error["suggestion"]) for error in _faults(unknown)
    ]
    assert "SECRET" not in hidden.text


def _renamed(part: Any) -> Any:
    """The same query over columns that do not exist."""
    if isinstance(part, dict):
        return {key: _renamed(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value) for value in part]
    return {"crew_notes": "zqxj_zqxjz", "crew_called_at": "zqxj_zqxj_zq"}.get(part, part)


def _faults(response: httpx.Response) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = response.json()["errors"]
    return errors


async def test_it_is_not_in_the_schema(client: httpx.AsyncClient) -> None:
    for path in ("/schema", "/tables/flights"):
        response = await client.get(path)
        assert response.status_code == 200
        assert "crew" not in response.text


@pytest.mark.parametrize("column", ["crew_notes", "crew_called_at"])
async def test_it_cannot_be_sampled(client: httpx.AsyncClient, column: str) -> None:
    response = await client.get(f"/tables/flights/columns/{column}/sample")
    assert (response.status_code, response.json()["code"]) == (404, "column_not_found")
    assert response.json()["detail"] == f'Table "flights" has no column "{column}".'


@pytest.mark.parametrize("column", ["crew_note", "crew_notess", "CREW_NOTES", "crew_called"])
async def test_it_is_not_suggested(ask: Ask, client: httpx.AsyncClient, column: str) -> None:
    for response in (
        await ask("flights", column),
        await ask("flights", COUNT, order_by=[{"table_id": "t", "column": column}]),
        await ask("flights", column, to="/query/validate"),
        await client.get(f"/tables/flights/columns/{column}/sample"),
    ):
        assert "Did you mean" not in response.text
