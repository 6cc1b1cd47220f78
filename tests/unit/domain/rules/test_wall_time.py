from datetime import UTC, datetime, timedelta, timezone

from prismiq.domain.rules.wall_time import unix_microseconds


def test_microseconds_are_exact_in_any_zone() -> None:
    moment = datetime(2026, 7, 1, 12, 0, 0, 123_457, tzinfo=UTC)
    assert unix_microseconds(moment) == 1_782_907_200_123_457
    assert unix_microseconds(moment.astimezone(timezone(timedelta(hours=-5)))) == (
        1_782_907_200_123_457
    )
