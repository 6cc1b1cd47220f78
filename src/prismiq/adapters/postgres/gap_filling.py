"""SQL that adds the time buckets which have no row.

Rows of the grouped query stay as they are. What is missing is computed as a set: every bucket
with every combination of the other plain outputs, EXCEPT those that the data has. Sets know no
duplicates and treat nulls as equal, so neither needs further care.
"""
# ruff: noqa: S608 - the parts of the statements are made here, and values are parameters

from prismiq.adapters.postgres.expressions import UNIT_LITERALS
from prismiq.adapters.postgres.parameters import Parameters
from prismiq.domain.model.plan import (
    Aggregate,
    Constant,
    GapFilling,
    Output,
    QueryPlan,
    Truncation,
)
from prismiq.domain.model.query import TimeUnit
from prismiq.domain.model.type_family import TypeFamily

_STEPS: dict[TimeUnit, str] = {
    "minute": "INTERVAL '1 minute'",
    "hour": "INTERVAL '1 hour'",
    "day": "INTERVAL '1 day'",
    "week": "INTERVAL '7 days'",
    "month": "INTERVAL '1 month'",
    "quarter": "INTERVAL '3 months'",
    "year": "INTERVAL '1 year'",
}

_CLOCK_STEPS: dict[TimeUnit, str] = {
    # A clock that is moved can cut an hour or a minute short, and larger steps would pass over
    # the rest of it. Since 1953 no rest was shorter than these.
    "minute": "INTERVAL '30 seconds'",
    "hour": "INTERVAL '15 minutes'",
}


def fill_gaps(plan: QueryPlan, filling: GapFilling, data: str, parameters: Parameters) -> str:
    """Return the grouped query ``data`` with rows for the buckets that it lacks."""
    bucket = plan.outputs[0].expression
    if not isinstance(bucket, Truncation):
        raise TypeError("gap filling needs a truncated time as the first output")
    outputs = ", ".join(f"c{position}" for position in range(len(plan.outputs)))
    added = ", ".join(
        _render_added_value(position, output, filling.fills[position], parameters)
        for position, output in enumerate(plan.outputs)
    )
    return (
        f"WITH data AS (\n{data}\n),\n"
        f"missing AS (\n{_render_missing(plan, _render_buckets(bucket, filling, parameters))}\n)\n"
        f"SELECT {outputs} FROM data\n"
        f"UNION ALL\n"
        f"SELECT {added} FROM missing"
    )


def _render_added_value(
    position: int, output: Output, fill: Constant | None, parameters: Parameters
) -> str:
    if not isinstance(output.expression, Aggregate):
        return f"c{position}"
    return "NULL" if fill is None else parameters.bind(fill)


def _render_missing(plan: QueryPlan, buckets: str) -> str:
    series = ", ".join(
        f"c{position}"
        for position, output in enumerate(plan.outputs)
        if position > 0 and not isinstance(output.expression, Aggregate)
    )
    if not series:
        return f"{buckets}\nEXCEPT\nSELECT c0 FROM data"
    return (
        f"SELECT c0, {series}\n"
        f"FROM (\n{buckets}\n) AS buckets\n"
        f"CROSS JOIN (SELECT DISTINCT {series} FROM data) AS series\n"
        f"EXCEPT\n"
        f"SELECT c0, {series} FROM data"
    )


def _render_buckets(bucket: Truncation, filling: GapFilling, parameters: Parameters) -> str:
    """Return a query of the buckets from the first moment's to the last moment's."""
    first, last = _render_moments(filling, parameters)
    if bucket.timezone is None:
        start = f"date_trunc({UNIT_LITERALS[bucket.unit]}, CAST({first} AS timestamp))"
        moments = f"generate_series({start}, {last}, {_STEPS[bucket.unit]}) AS moment"
        is_date = bucket.column.family is TypeFamily.DATE
        return f"SELECT {'CAST(moment AS date)' if is_date else 'moment'} AS c0\nFROM {moments}"
    zone = parameters.bind_text(bucket.timezone)
    if bucket.unit in _CLOCK_STEPS:
        return _render_clock_buckets(bucket.unit, zone, first, last)
    return _render_calendar_buckets(bucket.unit, zone, first, last)


def _render_calendar_buckets(unit: TimeUnit, zone: str, first: str, last: str) -> str:
    """Count days and longer units on the local calendar: they differ in length."""
    start = f"date_trunc({UNIT_LITERALS[unit]}, {first} AT TIME ZONE {zone})"
    stop = f"{last} AT TIME ZONE {zone}"
    moments = f"generate_series({start}, {stop}, {_STEPS[unit]}) AS moment"
    return f"SELECT moment AT TIME ZONE {zone} AS c0\nFROM {moments}"


def _render_clock_buckets(unit: TimeUnit, zone: str, first: str, last: str) -> str:
    """Cut moments at a fixed distance. One moment beyond the last finds the last one's bucket."""
    bucket, end = (f"date_trunc({UNIT_LITERALS[unit]}, {at}, {zone})" for at in ("moment", last))
    step = _CLOCK_STEPS[unit]
    moments = f"generate_series({first}, {last} + {step}, {step}) AS moment"
    return f"SELECT {bucket} AS c0\nFROM {moments}\nWHERE {bucket} <= {end}"


def _render_moments(filling: GapFilling, parameters: Parameters) -> tuple[str, str]:
    """Return the first and the last moment that have a bucket; the data tell what is not known.

    Infinite times are left out: nothing can be counted up to them.
    """
    first = "(SELECT min(c0) FROM data WHERE isfinite(c0))"
    last = "(SELECT max(c0) FROM data WHERE isfinite(c0))"
    if filling.lower is not None:
        first = parameters.bind(filling.lower)
    if filling.upper is not None:
        last = parameters.bind(filling.upper)
        if not filling.upper_included:
            last = f"({last} - INTERVAL '1 microsecond')"
    return first, last
