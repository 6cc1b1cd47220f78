"""Conditions that speak of today: what they mean now, and until when they mean it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from prismiq.domain.model.filters import (
    DatePreset,
    FilterDefinition,
    FilterNode,
    FilterOperator,
    Not,
)
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.date_windows import MOST_DAYS, Days, last_days, resolve_preset
from prismiq.domain.rules.local_time import start_of_day

_PRESETS = frozenset(get_args(DatePreset))


def local_day(now: datetime, timezone: str) -> date:
    """Return the day that calendars in the zone show at the moment ``now``."""
    return now.astimezone(ZoneInfo(timezone)).date()


def resolve_relative(
    operator: FilterOperator, value: Any, now: datetime, timezone: str
) -> Days | None:
    """Return the days that a condition means at the moment ``now``; None: it is not relative."""
    if operator in ("date_relative", "not_date_relative"):
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return last_days(value, now, timezone) if is_number and 1 <= value <= MOST_DAYS else None
    if operator == "date_window" and isinstance(value, str) and value in _PRESETS:
        return resolve_preset(cast(DatePreset, value), now, timezone)
    return None


def is_relative(query: QueryDefinition) -> bool:
    """Return whether the query's meaning depends on the day."""
    return any(
        operator in ("date_relative", "not_date_relative")
        or (operator == "date_window" and isinstance(value, str))
        for operator, value in _conditions(query)
    )


def relative_until(query: QueryDefinition, scope: Scope, now: datetime) -> datetime | None:
    """Return until when, excluded, the query means what it means now; None: it always will.

    This is the next moment at which the day changes in the scope's time zone. In the minutes
    before a clock that is set back over midnight it is ``now`` itself.
    """
    return next_day_change(now, scope.timezone) if is_relative(query) else None


def next_day_change(now: datetime, timezone: str) -> datetime:
    """Return the first moment after ``now`` at which calendars in the zone show another day."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    if now < start_of_day(today, timezone):  # yesterday is going to come back
        return now
    tomorrow = today + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
    return midnight if midnight > now else start_of_day(tomorrow, timezone)


def _conditions(query: QueryDefinition) -> Iterable[tuple[FilterOperator, Any]]:
    waiting: list[FilterNode] = list(query.filters)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FilterDefinition):
            yield node.operator, node.value
        elif isinstance(node, Not):
            waiting.append(node.member)
        else:
            waiting.extend(node.members)
    for condition in query.having:
        yield condition.operator, condition.value
