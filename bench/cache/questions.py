"""What the caches are asked."""

from prismiq.domain.model.query import QueryDefinition

_COLUMNS = (
    "carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "distance", "time_hour",
)  # fmt: skip


def small(number: int = 0, *, columns: int = 8) -> QueryDefinition:
    """Return a query for 16 rows. Other numbers make other queries, equal ones equal queries."""
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": [{"table_id": "f", "column": column} for column in _COLUMNS[:columns]],
            "filters": [
                {"table_id": "f", "column": "distance", "operator": "gte", "value": number}
            ],
            "limit": 16,
        }
    )


def slow() -> QueryDefinition:
    """Return a query that keeps the database busy for a while."""
    counted = ("tailnum", "time_hour", "flight", "dest", "distance")
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": [
                {"table_id": "f", "column": "carrier"},
                *(
                    {
                        "table_id": "f",
                        "column": column,
                        "aggregation": "count_distinct",
                        "alias": column,
                    }
                    for column in counted
                ),
            ],
        }
    )


def summary() -> QueryDefinition:
    """Return a query that takes tens of milliseconds."""
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": [
                {"table_id": "f", "column": "carrier"},
                {"table_id": "f", "column": "distance", "aggregation": "avg", "alias": "average"},
            ],
        }
    )
