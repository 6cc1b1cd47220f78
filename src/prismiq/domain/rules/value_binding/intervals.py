"""Lengths of time, as ISO 8601 durations."""

from datetime import timedelta
from typing import Any

from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.iso_durations import Duration, duration_of, parse_duration
from prismiq.domain.rules.value_binding.problem import ValueProblem, out_of_range, wrong_type
from prismiq.domain.rules.value_binding.target import Target

_EXAMPLE = "an ISO 8601 duration such as P1DT2H30M"


def interval(value: Any, _target: Target) -> str:
    """Return a duration in its canonical ISO 8601 form."""
    duration = _duration(value)
    if max(abs(duration.months), abs(duration.days)) >= 1 << 31:
        raise _too_long()
    if abs(duration.microseconds) >= 1 << 63:
        raise _too_long()
    return duration.canonical()


def _duration(value: Any) -> Duration:
    if isinstance(value, timedelta):
        return duration_of(value)
    if not isinstance(value, str):
        raise wrong_type(_EXAMPLE, value)
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueProblem(
            "invalid_interval", f"Expected {_EXAMPLE}, got {shown(value)}."
        ) from None


def _too_long() -> ValueProblem:
    return out_of_range("The duration is longer than an interval can be.")
