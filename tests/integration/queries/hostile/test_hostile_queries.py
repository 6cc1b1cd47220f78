"""Ten thousand random queries: PostgreSQL takes each that we accept, and nothing leaks into SQL."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Self, get_args

import asyncpg
from hypothesis import given, settings
from hypothesis import strategies as st

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.domain.model.errors import QueryExecutionError, QueryValidationError
from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query import JoinType, QueryDefinition, TimeUnit
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.scope import Scope
from prismiq.domain.model.type_family import TypeFamily as F
from prismiq.domain.rules.planning.planner import plan_query
from prismiq.domain.rules.schema_view import ColumnView, SchemaView, expose
from prismiq.domain.rules.type_capabilities import (
    aggregations_for,
    can_truncate,
    has_equality,
    has_order,
    operators_for,
)

SqlCheck = Callable[[str, int, Collection[str]], None]

EXAMPLES = 11_000  # of which more than 10,000 are accepted
ZONES = ["UTC", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe"]
NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)
MARK = "«input»"  # in every text of the caller, and in no name of the schema
TEXTS = [
    *('"', "'", "''", "--", "; DROP TABLE x; --", "' OR 1=1 --", "$1", "$$", "$a$", "\\", "%", "_"),
    *("{0}", "%s", "\n", "\r", "\t", "\x01", "\x1b", "\x7f", "\u2028", "\ufeff", "😀", "e\u0301"),
    *(
        "SELECT",
        "NULL",
        "true",
        "/*",
        "*/",
        "E'\\''",
        "x" * 500,
        "Ω" * 100,
        ")",
        "CAST($1 AS text)",
    ),
]
VALUES: Mapping[F, Callable[[Random], Any]] = {
    F.INTEGER: lambda r: r.randrange(-32768, 32768),
    F.NUMERIC: lambda r: r.choice(
        [r.uniform(-9, 9), "1e-5", "123456789012345678901234567890.5", 0]
    ),
    F.FLOAT: lambda r: r.uniform(-1e30, 1e30),
    F.TEXT: lambda r: hostile_text(r) + "%",
    F.BOOLEAN: lambda r: r.random() < 0.5,
    F.DATE: lambda r: f"2024-03-{r.randrange(9, 13):02}",
    F.TIMESTAMP: lambda r: f"2024-03-{r.randrange(9, 13):02}T{r.randrange(24):02}:30:00",
    F.TIMESTAMPTZ: lambda r: f"2024-03-{r.randrange(9, 13):02}T{r.randrange(24):02}:30:00Z",
    F.TIME: lambda r: f"{r.randrange(24):02}:00",
    F.TIMETZ: lambda r: f"{r.randrange(24):02}:00+01:00",
    F.INTERVAL: lambda r: r.choice(["P1D", "PT2H", "-P1Y", "P1Y2M3DT4H5M6S"]),
    F.UUID: lambda r: f"00000000-0000-0000-0000-{r.randrange(10**12):012}",
    F.NETWORK: lambda r: r.choice(["10.0.0.1", "10.0.0.0/8", "::1"]),
    F.ENUM: lambda r: r.choice(["😀", '"', "$$", "\\"]),
    F.BYTEA: lambda r: "\\x" + r.randbytes(3).hex(),
}


def hostile_text(random: Random) -> str:
    return random.choice(TEXTS) + MARK + random.choice(TEXTS)


class QueryWriter:
    """Writes one query, mostly a valid one, with hostile text wherever text may be."""

    def __init__(self, tables: Mapping[str, list[ColumnView]], random: Random) -> None:
        self.random = random
        self.unsortable: set[str] = set()
        names = random.choices(sorted(tables), k=random.choice([1, 1, 2, 3]))
        self.names = {f"{hostile_text(random)}{i}": name for i, name in enumerate(names)}
        self.columns = {id_: tables[name] for id_, name in self.names.items()}

    def write(self) -> dict[str, Any]:
        kind = self.random.choice(["plain", "plain", "grouped", "series"])
        columns = [self.selection(number, kind) for number in range(self.random.randrange(1, 6))]
        if kind == "series":
            columns.append(self.aggregate(len(columns)))
        query: dict[str, Any] = {
            "tables": [{"id": id_, "name": name} for id_, name in self.names.items()],
            "joins": self.joins(),
            "columns": columns,
            "filters": [self.filter(depth=1) for _ in range(self.random.randrange(4))],
            "order_by": self.sorts(columns),
            "limit": self.random.randrange(1, 5),
            "offset": self.random.choice([None, None, 0, 1]),
        }
        if kind == "plain":
            query["distinct"] = not self.unsortable and self.random.random() < 0.3
        elif kind == "grouped":
            query["having"] = self.having(columns)
            query["group_by"] = [self.named(self.column(has_equality))] * self.random.randrange(2)
        else:
            query["time_series"] = self.time_series()
        return query

    def column(self, fits: Callable[[F], bool] = lambda _: True) -> tuple[str, ColumnView]:
        """Choose a table id and one of its columns with a fitting type."""
        id_ = self.random.choice(list(self.columns))
        return id_, self.random.choice([c for c in self.columns[id_] if fits(c.family)])

    def named(self, column: tuple[str, ColumnView]) -> dict[str, Any]:
        return {"table_id": column[0], "column": column[1].schema.name}

    def joins(self) -> list[dict[str, Any]]:
        """Join each table with one before it: mostly by key, else by columns of one type."""
        ids = list(self.names)
        joins = []
        for number, new in enumerate(ids[1:], start=1):
            old = self.random.choice(ids[:number])
            before, after = self.columns[old], self.columns[new]
            place = 0 if self.random.random() < 0.8 else self.random.randrange(len(before))
            joins.append(
                {
                    "from_table_id": old,
                    "from_column": before[place].schema.name,
                    "to_table_id": new,
                    "to_column": after[place].schema.name,
                    "join_type": self.random.choice(get_args(JoinType)),
                }
            )
        return joins

    def selection(self, number: int, kind: str) -> dict[str, Any]:
        if kind != "plain" and self.random.random() < 0.6:
            return self.aggregate(number)
        chosen = self.column(has_equality if kind != "plain" else lambda _: True)
        alias = self.alias(number)
        if not has_order(chosen[1].family):
            self.unsortable.add(alias)
        return self.named(chosen) | {"alias": alias} | self.date_trunc(chosen[1])

    def aggregate(self, number: int) -> dict[str, Any]:
        if self.random.random() < 0.2:
            id_ = self.random.choice(list(self.names))
            count = {"table_id": id_, "column": "*", "aggregation": "count"}
            return count | {"alias": self.alias(number)}
        chosen = self.column()
        possible = aggregations_for(chosen[1].family, chosen[1].schema.data_type) - {"none"}
        if len(self.names) > 1:  # a join may repeat rows, which others do not bear
            possible = (possible & {"min", "max", "count_distinct"}) or possible
        function = self.random.choice(sorted(possible))
        fraction = self.random.random() if function == "percentile" else None
        call = {"aggregation": function, "percentile": fraction, "alias": self.alias(number)}
        return self.named(chosen) | call | self.date_trunc(chosen[1])

    def alias(self, number: int) -> str:
        return f"{hostile_text(self.random)}{number}"[-200:]

    def date_trunc(self, column: ColumnView) -> dict[str, Any]:
        units = [unit for unit in get_args(TimeUnit) if can_truncate(column.family, unit)]
        return {"date_trunc": self.random.choice(units)} if units else {}

    def filter(self, depth: int) -> dict[str, Any]:
        group = self.random.choice(["or", "and", "not"]) if self.random.random() < 0.3 else None
        if group is None or depth == 4:
            chosen = self.column(lambda family: len(operators_for(family)) > 2)
            return self.named(chosen) | self.condition(chosen[1].family)
        if group == "not":
            return {"not": self.filter(depth + 1)}
        return {group: [self.filter(depth + 1) for _ in range(self.random.randrange(1, 4))]}

    def condition(self, family: F) -> dict[str, Any]:
        operator = self.random.choice(sorted(operators_for(family)))
        value: Any = None
        if operator in ("in_", "not_in", "in_or_null"):
            value = [self.value(family) for _ in range(self.random.randrange(1, 4))]
        elif operator == "between":
            value = [self.value(family), self.value(family)]
        elif operator.endswith("date_relative"):
            value = self.random.randrange(1, 4)
        elif operator == "date_window":
            value = self.random.choice(
                ["today", "this_week", {"start": "2024-03-09", "end": "2024-03-11"}]
            )
        elif not operator.endswith("null"):
            value = self.value(family)
        return {"operator": operator, "value": value}

    def value(self, family: F) -> Any:
        return (
            hostile_text(self.random)
            if self.random.random() < 0.01
            else VALUES[family](self.random)
        )

    def having(self, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        counts = [c for c in columns if str(c.get("aggregation")).startswith("count")]
        return [
            {"column": count["alias"]} | self.condition(F.INTEGER)
            for count in counts[: self.random.randrange(3)]
        ]

    def sorts(self, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        aliases = {column["alias"] for column in columns} - self.unsortable
        return [
            {"column": alias, "direction": self.random.choice(["ASC", "DESC"])}
            for alias in sorted(aliases)[: self.random.randrange(3)]
        ]

    def time_series(self) -> dict[str, Any]:
        units = [*get_args(TimeUnit)]
        chosen = self.column(lambda family: can_truncate(family, "day"))
        fitting = [unit for unit in units if can_truncate(chosen[1].family, unit)]
        return {
            "table_id": chosen[0],
            "date_column": chosen[1].schema.name,
            "interval": self.random.choice(fitting),
            "fill_missing": self.random.random() < 0.8,
            "fill_value": self.random.choice([None, 0]),
            "alias": hostile_text(self.random),
            "timezone": self.random.choice(ZONES),
        }


class House:
    """The real planner, compiler and runner over the hostile database."""

    def __init__(self, view: SchemaView, connection: Any, pool: PostgresPool) -> None:
        self.view = view
        tables = {name: view.table(name) for name in view.table_names()}
        self.columns = {name: list(t.columns.values()) for name, t in tables.items() if t}
        self.connection = connection
        self.pool = pool
        self.runner = PostgresQueryRunner(pool)
        self.types: dict[int, str] = {}

    @classmethod
    async def open(cls, dsn: str, schema: str) -> Self:
        pool = PostgresPool(dsn)
        await pool.open()
        database_schema = await PostgresSchemaSource(pool).read([schema])
        connection = await asyncpg.connect(dsn, server_settings={"search_path": ""})
        house = cls(expose(database_schema, default_schema=schema), connection, pool)
        rows = await connection.fetch("SELECT oid, format_type(oid, NULL) FROM pg_type")
        house.types = dict(rows)
        return house

    async def close(self) -> None:
        await self.connection.close()
        await self.pool.close()

    async def accept(self, plan: QueryPlan, compiled: CompiledQuery, scope: Scope) -> None:
        """Let PostgreSQL check the statement and its types, then run it."""
        statement = await self.connection.prepare(compiled.sql)
        types = [self.types[attribute.type.oid] for attribute in statement.get_attributes()]
        assert types == [output.data_type for output in plan.outputs]
        try:
            await self.runner.run(compiled, scope=scope, limit=plan.limit)
        except QueryExecutionError as error:
            if not error.caused_by_query:  # a number out of range is no fault of ours
                raise


def test_what_the_planner_accepts_postgresql_accepts(
    hostile_database: tuple[str, str], known_names: set[str], assert_nothing_foreign: SqlCheck
) -> None:
    refusals: Counter[str] = Counter()
    accepted = 0
    with asyncio.Runner() as loop:
        house = loop.run(House.open(*hostile_database))

        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
        @given(st.integers(0, 2**64))
        def explore(seed: int) -> None:
            random = Random(seed)
            scope = Scope(timezone=random.choice(ZONES))
            query = QueryDefinition.model_validate_json(
                json.dumps(QueryWriter(house.columns, random).write())
            )
            try:
                plan = plan_query(query, house.view, QueryLimits(), scope, NOW)
            except QueryValidationError as error:
                refusals.update({problem.code for problem in error.problems})
                return
            nonlocal accepted
            accepted += 1
            compiled = PostgresCompiler().compile(plan)
            assert MARK not in compiled.sql
            assert_nothing_foreign(compiled.sql, len(compiled.parameters), known_names)
            loop.run(house.accept(plan, compiled, scope))

        try:
            explore()
        finally:
            loop.run(house.close())
    assert accepted >= 10_000, refusals
