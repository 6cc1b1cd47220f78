"""The type of an aggregate's result, as PostgreSQL's catalog has it."""

from prismiq.domain.model.query import Aggregation
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.type_families import family_of

_SUMS = {"smallint": "bigint", "integer": "bigint", "bigint": "numeric"}
_EXTREMES = {"character varying": "text", "name": "text", '"char"': "text"}
_INTEGERS = {"smallint", "integer", "bigint"}


def result_type(
    aggregation: Aggregation, data_type: str, family: TypeFamily
) -> tuple[str, TypeFamily]:
    """Return name and family of what the aggregation gives for a column of the type.

    The aggregation must be one that ``type_capabilities`` allows for the type.
    """
    match aggregation:
        case "none":
            return data_type, family
        case "count" | "count_distinct":
            name = "bigint"
        case "sum":
            name = _SUMS.get(data_type, data_type)
        case "min" | "max":
            if family is TypeFamily.ENUM:
                return data_type, family
            name = "text" if data_type.endswith(".citext") else _EXTREMES.get(data_type, data_type)
        case "median" | "percentile":
            name = "interval" if family is TypeFamily.INTERVAL else "double precision"
        case "avg" if family is TypeFamily.INTERVAL:
            name = "interval"
        case "avg" | "stddev" | "variance":
            name = "double precision" if family is TypeFamily.FLOAT else "numeric"
    return name, family_of(name)
