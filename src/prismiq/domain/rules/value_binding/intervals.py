"""Lengths of time, as ISO 8601 durations."""

import re
from datetime import timedelta
from typing import Any

from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.value_binding.problem import ValueProblem, out_of_range, wrong_type
from prismiq.domain.rules.value_binding.target import Target

_NUMBER = "([+-]?[0-9]{1,12})"
_DURATION = re.compile(
    rf"(?P<sign>-?)P(?=[0-9T+-])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[0-9+-])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:([+-]?[0-9]{{1,12}})(\.[0-9]{{1,6}})?S)?)?"
)
_DURATION_EXAMPLE = "an ISO 8601 duration such as P1DT2H30M"


def interval(value: Any, _target: Target) -> str:
    """Return a duration in one canonical ISO 8601 form: months, days and seconds.

    The three parts are kept apart, because a month or a day has no fixed length.
    """
    if isinstance(value, timedelta):
        microseconds = value.seconds * 1_000_000 + value.microseconds
        return _canonical(0, value.days, microseconds)
    if not isinstance(value, str):
        raise wrong_type(_DURATION_EXAMPLE, value)
    match = _DURATION.fullmatch(value)
    if not match:
        raise ValueProblem("invalid_interval", f"Expected {_DURATION_EXAMPLE}, got {shown(value)}.")
    sign, *parts, seconds, fraction = match.groups()
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in parts)
    microseconds = (hours * 3600 + minutes * 60 + int(seconds or 0)) * 1_000_000
    beyond_point = int((fraction or ".0")[1:].ljust(6, "0"))
    microseconds += -beyond_point if (seconds or "").startswith("-") else beyond_point
    factor = -1 if sign else 1
    return _canonical(
        factor * (years * 12 + months), factor * (weeks * 7 + days), factor * microseconds
    )


def _canonical(months: int, days: int, microseconds: int) -> str:
    if max(abs(months), abs(days)) >= 1 << 31 or abs(microseconds) >= 1 << 63:
        raise out_of_range("The duration is longer than an interval can be.")
    sign = "-" if microseconds < 0 else ""
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    return f"P{months}M{days}DT{sign}{seconds}.{fraction:06d}S"
