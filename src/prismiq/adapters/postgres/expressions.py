"""SQL of columns, truncated times and aggregates."""

from prismiq.adapters.postgres.identifiers import quote_identifier
from prismiq.adapters.postgres.parameters import Parameters
from prismiq.domain.model.plan import Aggregate, Column, Expression, Truncation
from prismiq.domain.model.query import Aggregation, TimeUnit
from prismiq.domain.model.type_family import TypeFamily

UNIT_LITERALS: dict[TimeUnit, str] = {
    "minute": "'minute'",
    "hour": "'hour'",
    "day": "'day'",
    "week": "'week'",
    "month": "'month'",
    "quarter": "'quarter'",
    "year": "'year'",
}

_FUNCTIONS: dict[Aggregation, str] = {
    "sum": "sum({})",
    "avg": "avg({})",
    "count": "count({})",
    "count_distinct": "count(DISTINCT {})",
    "min": "min({})",
    "max": "max({})",
    "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY {})",
    "stddev": "stddev_samp({})",
    "variance": "var_samp({})",
}


def render_expression(expression: Expression, parameters: Parameters) -> str:
    """Return the SQL of an expression. Equal expressions of one statement give equal SQL."""
    match expression:
        case Column():
            return f"t{expression.source}.{quote_identifier(expression.name)}"
        case Truncation():
            return _render_truncation(expression, parameters)
        case Aggregate():
            return _render_aggregate(expression, parameters)


def _render_truncation(truncation: Truncation, parameters: Parameters) -> str:
    unit = UNIT_LITERALS[truncation.unit]
    column = render_expression(truncation.column, parameters)
    if truncation.timezone is not None:
        return f"date_trunc({unit}, {column}, {parameters.bind_text(truncation.timezone)})"
    if truncation.column.family is TypeFamily.DATE:
        return f"CAST(date_trunc({unit}, CAST({column} AS timestamp)) AS date)"
    return f"date_trunc({unit}, {column})"


def _render_aggregate(aggregate: Aggregate, parameters: Parameters) -> str:
    if aggregate.operand is None:
        return "count(*)"
    operand = render_expression(aggregate.operand, parameters)
    if aggregate.fraction is not None:
        fraction = parameters.bind_fraction(aggregate.fraction)
        return f"percentile_cont({fraction}) WITHIN GROUP (ORDER BY {operand})"
    return _FUNCTIONS[aggregate.function].format(operand)
