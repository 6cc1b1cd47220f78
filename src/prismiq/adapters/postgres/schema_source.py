"""Reads the schema from PostgreSQL's catalog."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from prismiq.adapters.postgres.catalog import READ_CATALOG
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, Relationship, TableSchema
from prismiq.ports.schema_source import SchemaSource

_Entry: TypeAlias = dict[str, Any]


class PostgresSchemaSource(SchemaSource):
    """Reads all of it in one statement.

    Default expressions and type names outside ``pg_catalog`` carry their schema, because the
    session's search path is empty.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        async with self._pool.acquire() as connection:
            catalog = await connection.fetchrow(READ_CATALOG, list(schema_names))
        tables, columns, keys, relationships = (json.loads(part or "[]") for part in catalog)
        columns_by_table, keys_by_table = _by_table(columns), _by_table(keys)
        return DatabaseSchema(
            tables=[
                _table(table, columns_by_table[table["id"]], keys_by_table[table["id"]])
                for table in tables
            ],
            relationships=[Relationship(**relationship) for relationship in relationships],
        )


def _by_table(entries: Iterable[_Entry]) -> Mapping[int, list[_Entry]]:
    grouped: defaultdict[int, list[_Entry]] = defaultdict(list)
    for entry in entries:
        grouped[entry.pop("table_id")].append(entry)
    return grouped


def _table(table: _Entry, columns: list[_Entry], keys: list[_Entry]) -> TableSchema:
    primary = {name for key in keys if key["is_primary"] for name in key["columns"]}
    return TableSchema(
        name=table["name"],
        schema_name=table["schema_name"],
        columns=[
            ColumnSchema(**column, is_primary_key=column["name"] in primary) for column in columns
        ],
        row_count=table["row_count"],
        description=table["description"],
        unique_keys=list(dict.fromkeys(tuple(key["columns"]) for key in keys)),
    )
