"""Queries to try, over the flights of the demo."""

from typing import Any

BY_CARRIER: dict[str, Any] = {
    "tables": [
        {"id": "f", "name": "flights"},
        {"id": "a", "name": "airlines"},
    ],
    "joins": [
        {
            "from_table_id": "f",
            "from_column": "carrier",
            "to_table_id": "a",
            "to_column": "carrier",
        }
    ],
    "columns": [
        {"table_id": "a", "column": "name", "alias": "airline"},
        {"table_id": "f", "column": "*", "aggregation": "count", "alias": "flights"},
        {"table_id": "f", "column": "dep_delay", "aggregation": "avg", "alias": "average_delay"},
    ],
    "order_by": [{"column": "flights", "direction": "DESC"}],
}
DELAYED_FLIGHTS: dict[str, Any] = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [
        {"table_id": "f", "column": "carrier"},
        {"table_id": "f", "column": "flight"},
        {"table_id": "f", "column": "dep_delay"},
    ],
    "filters": [
        {"table_id": "f", "column": "dep_delay", "operator": "gt", "value": 60},
        {
            "or": [
                {"table_id": "f", "column": "origin", "operator": "eq", "value": "JFK"},
                {"table_id": "f", "column": "dest", "operator": "in_", "value": ["LAX", "SFO"]},
            ]
        },
    ],
    "order_by": [{"table_id": "f", "column": "dep_delay", "direction": "DESC"}],
    "limit": 20,
}
DEPARTURES_PER_DAY: dict[str, Any] = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [{"table_id": "f", "column": "*", "aggregation": "count", "alias": "departures"}],
    "time_series": {
        "table_id": "f",
        "date_column": "time_hour",
        "interval": "day",
        "timezone": "America/New_York",
    },
}

QUERY_EXAMPLES: dict[str, Any] = {
    "by_carrier": {"summary": "Flights and average delay by airline", "value": BY_CARRIER},
    "delayed": {"summary": "The most delayed flights, filtered", "value": DELAYED_FLIGHTS},
    "per_day": {"summary": "Departures per day, days without any too", "value": DEPARTURES_PER_DAY},
}
EXECUTE_EXAMPLES: dict[str, Any] = QUERY_EXAMPLES | {
    "envelope": {
        "summary": "With wishes about how it is answered",
        "value": {"query": BY_CARRIER, "bypass_cache": True},
    }
}
ANSWER_EXAMPLE: dict[str, Any] = {
    "columns": ["airline", "flights", "average_delay"],
    "column_types": ["text", "bigint", "numeric"],
    "rows": [
        ["United Air Lines Inc.", 58665, 12.1060727],
        ["JetBlue Airways", 54635, 13.0225224],
    ],
    "row_count": 2,
    "truncated": False,
    "execution_time_ms": 34.2,
    "cached_at": None,
    "is_from_cache": False,
}
