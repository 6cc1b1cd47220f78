"""Reads from PostgreSQL's catalog what answers depend on."""

import json
from collections.abc import Sequence
from typing import Any

import asyncpg

from prismiq.adapters.postgres.database_origin import ORIGIN, ORIGIN_WITHOUT_SERVER
from prismiq.adapters.postgres.dependency_catalog import read_dependencies
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.ports.dependency_source import DependencySource, TableDependencies, TableName

_STATEMENT = read_dependencies(ORIGIN)
_MODEST_STATEMENT = read_dependencies(ORIGIN_WITHOUT_SERVER)


class PostgresDependencySource(DependencySource):
    """Reads all of it in one statement, as one document. It needs no rights on the tables.

    A view is unknown when it calls

    - a function that is not built in, in whatever language. Operators of extensions that are
      written in C and declared immutable, such as those of ``citext``, are known;
    - a volatile built-in function (``random``, ``clock_timestamp``, ``nextval``,
      ``query_to_xml``), or reads a TABLESAMPLE;
    - a stable built-in function, unless it is on the list of those that only format, convert or
      compute (``to_char``, ``date_trunc``, ``timezone``, ``json_agg``). Not on it are time
      (``now``, ``age`` with one argument), the session (``current_setting``, ``version``) and
      the state of the server (``pg_*``, ``has_table_privilege``);
    - CURRENT_DATE, CURRENT_USER and the like.

    A policy is judged in the same way, but may ask for settings and for the user: settings are
    the claims of the scope, which are part of every cache key, and the user is the pool's role.

    Not recognised: text that becomes a moment only when the view is read (``'now'::text::date``),
    functions behind domain constraints and input or output functions of types of extensions,
    and functions that are declared immutable and are not.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def read(self, schema_names: Sequence[str]) -> TableDependencies:
        async with self._pool.acquire() as connection:
            try:
                text: str = await connection.fetchval(_STATEMENT, list(schema_names))
            except asyncpg.InsufficientPrivilegeError:
                text = await connection.fetchval(_MODEST_STATEMENT, list(schema_names))
        document: dict[str, Any] = json.loads(text)
        return TableDependencies(
            reads={_name(table): _names(tables) for table, tables in document["reads"]},
            roots={_name(leaf): _name(root) for leaf, root in document["roots"]},
            definitions=document["definitions"],
            origin=document["origin"],
        )


def _name(pair: list[str]) -> TableName:
    schema_name, table_name = pair
    return schema_name, table_name


def _names(pairs: list[list[str]] | None) -> frozenset[TableName] | None:
    return None if pairs is None else frozenset(map(_name, pairs))
