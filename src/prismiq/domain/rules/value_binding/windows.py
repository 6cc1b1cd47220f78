"""Windows of time: the last days, a preset, or a start and an end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias, cast, get_args

from prismiq.domain.model.filters import DatePreset
from prismiq.domain.model.plan import Constant
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.date_windows import MOST_DAYS, last_days, resolve_preset, window_bounds
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.suggestions import closest
from prismiq.domain.rules.value_binding.binding import bind_value
from prismiq.domain.rules.value_binding.problem import ValueProblem, out_of_range, wrong_type

Window: TypeAlias = tuple[Constant, Constant]
"""The start, included, and the end, excluded."""


def bind_last_days(
    value: Any, *, data_type: str, family: TypeFamily, timezone: str, now: datetime
) -> Window:
    """Return the window of the last ``value`` days, today included.

    Raises:
        ValueProblem: the value is no number of days.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type("a number of days", value)
    if not 1 <= value <= MOST_DAYS:
        raise out_of_range(f"The number of days must be between 1 and {MOST_DAYS}.")
    start, end = last_days(value, now, timezone)
    return window_bounds(start, end, data_type=data_type, family=family, timezone=timezone)


def bind_window(
    value: Any,
    *,
    data_type: str,
    family: TypeFamily,
    limits: QueryLimits,
    timezone: str,
    now: datetime,
) -> Window:
    """Return the window of a preset's name or of ``{"start": …, "end": …}``.

    Raises:
        ValueProblem: there is no such preset, or the window is not one.
    """
    if isinstance(value, str):
        if value not in get_args(DatePreset):
            raise _unknown_preset(value)
        start, end = resolve_preset(cast(DatePreset, value), now, timezone)
        return window_bounds(start, end, data_type=data_type, family=family, timezone=timezone)
    if not isinstance(value, Mapping):
        raise wrong_type('the name of a window or {"start": …, "end": …}', value)
    if set(value) != {"start", "end"}:
        raise ValueProblem("invalid_window", 'A window has exactly a "start" and an "end".')

    def bound(key: str) -> Constant:
        try:
            return bind_value(
                value[key],
                data_type=data_type,
                family=family,
                enum_values=None,
                limits=limits,
                timezone=timezone,
            )
        except ValueProblem as problem:
            raise problem.at(f".{key}") from None

    window = bound("start"), bound("end")
    if window[0].value >= window[1].value:
        raise ValueProblem("empty_window", "The start of the window must be before its end.")
    return window


def _unknown_preset(name: str) -> ValueProblem:
    meant = closest(name, get_args(DatePreset))
    return ValueProblem(
        "unknown_preset",
        f"There is no window called {shown(name)}.",
        meant and f"Did you mean {shown(meant)}?",
    )
