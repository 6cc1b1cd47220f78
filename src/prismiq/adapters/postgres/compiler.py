"""From plans to PostgreSQL statements, as plain string building."""

from collections.abc import Sequence

from prismiq.adapters.postgres.expressions import render_expression
from prismiq.adapters.postgres.gap_filling import fill_gaps
from prismiq.adapters.postgres.identifiers import quote_identifier
from prismiq.adapters.postgres.operators import operator_for
from prismiq.adapters.postgres.parameters import Parameters
from prismiq.adapters.postgres.predicates import render_predicate
from prismiq.domain.model.plan import Column, Join, Ordering, QueryPlan, SamplePlan, Source
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.rules.type_capabilities import has_order
from prismiq.ports.query_compiler import QueryCompiler

_JOINS = {"INNER": "JOIN", "LEFT": "LEFT JOIN", "RIGHT": "RIGHT JOIN", "FULL": "FULL JOIN"}


class PostgresCompiler(QueryCompiler):
    """Writes SELECT statements for PostgreSQL 13 and later.

    Sources are called ``t0``, ``t1``, … and outputs ``c0``, ``c1``, …. Every other name is a
    quoted name of the schema, and every value of the caller is a parameter with a cast. The
    compiler keeps no state: one instance serves all tasks.
    """

    def compile(self, plan: QueryPlan) -> CompiledQuery:
        parameters = Parameters()
        statement = _render_select(plan, parameters)
        if plan.gap_filling is not None:
            statement = fill_gaps(plan, plan.gap_filling, statement, parameters)
        clauses = [statement]
        if plan.ordering:
            keys = ", ".join(_render_ordering(key, parameters) for key in plan.ordering)
            clauses.append(f"ORDER BY {keys}")
        clauses.append(f"LIMIT {parameters.bind_count(plan.limit + 1)}")
        if plan.offset:
            clauses.append(f"OFFSET {parameters.bind_count(plan.offset)}")
        return CompiledQuery(
            "\n".join(clauses), parameters.values, len(plan.outputs), _names(plan.sources)
        )

    def compile_sample(self, plan: SamplePlan) -> CompiledQuery:
        parameters = Parameters()
        column = render_expression(plan.column, parameters)
        scanned = (
            f"SELECT {column} AS c0\n"
            f"FROM {_render_source(plan.source, plan.column.source)}\n"
            f"WHERE {column} IS NOT NULL\n"
            f"LIMIT {parameters.bind_count(plan.scanned_rows)}"
        )
        limit = parameters.bind_count(plan.limit + 1)
        sql = (
            f"SELECT DISTINCT c0\nFROM (\n{scanned}\n) AS scanned\nORDER BY c0\nLIMIT {limit}"
            if has_order(plan.column.family)
            else f"SELECT c0\nFROM (\n{scanned}\n) AS scanned\nLIMIT {limit}"
        )
        return CompiledQuery(sql, parameters.values, 1, _names([plan.source]))


def _names(sources: Sequence[Source]) -> tuple[str, ...]:
    named = {f"{source.schema_name}.{source.table_name}" for source in sources}
    return tuple(sorted(named))


def _render_select(plan: QueryPlan, parameters: Parameters) -> str:
    outputs = ", ".join(
        [
            f"{render_expression(output.expression, parameters)} AS c{position}"
            for position, output in enumerate(plan.outputs)
        ]
    )
    clauses = [
        f"SELECT {'DISTINCT ' if plan.distinct else ''}{outputs}",
        f"FROM {_render_source(plan.sources[0], 0)}",
    ]
    clauses += [_render_join(join, plan.sources, parameters) for join in plan.joins]
    if plan.predicate is not None:
        clauses.append(f"WHERE {render_predicate(plan.predicate, parameters)}")
    if plan.grouping:
        keys = ", ".join(render_expression(key, parameters) for key in plan.grouping)
        clauses.append(f"GROUP BY {keys}")
    if plan.having is not None:
        clauses.append(f"HAVING {render_predicate(plan.having, parameters)}")
    return "\n".join(clauses)


def _render_source(source: Source, position: int) -> str:
    schema, table = quote_identifier(source.schema_name), quote_identifier(source.table_name)
    return f"{schema}.{table} AS t{position}"


def _render_join(join: Join, sources: Sequence[Source], parameters: Parameters) -> str:
    conditions = " AND ".join([_render_pair(*pair, parameters) for pair in join.pairs])
    source = _render_source(sources[join.source], join.source)
    return f"{_JOINS[join.kind]} {source} ON {conditions}"


def _render_pair(before: Column, new: Column, parameters: Parameters) -> str:
    operator = operator_for("=", before) if before.data_type == new.data_type else "="
    left, right = render_expression(before, parameters), render_expression(new, parameters)
    return f"{left} {operator} {right}"


def _render_ordering(ordering: Ordering, parameters: Parameters) -> str:
    key = ordering.key
    expression = f"c{key}" if isinstance(key, int) else render_expression(key, parameters)
    return f"{expression} {'DESC' if ordering.descending else 'ASC'} NULLS LAST"
