from typing import Any

import pytest
from pydantic import ValidationError

from prismiq.domain.model.rate_limits import RateLimitConfig


def test_defaults_are_the_documented_ones() -> None:
    config = RateLimitConfig()
    assert config.requests_per_minute == 60
    assert config.requests_per_hour == 1000
    assert config.burst_limit == 10


@pytest.mark.parametrize("field", ["requests_per_minute", "requests_per_hour", "burst_limit"])
@pytest.mark.parametrize("value", [0, -1, "60", 60.0, True, None, 10_000_001])
def test_what_is_not_a_positive_number_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        RateLimitConfig(**{field: value})


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        RateLimitConfig(per_second=3)  # type: ignore[call-arg]


def test_a_request_can_cost_what_the_tightest_window_holds() -> None:
    config = RateLimitConfig(burst_limit=10, requests_per_minute=7, requests_per_hour=9)
    assert config.largest_cost == 7


def test_a_share_is_the_part_of_one_replica_and_never_nothing() -> None:
    config = RateLimitConfig(burst_limit=3, requests_per_minute=60, requests_per_hour=1000)
    assert config.share(4) == RateLimitConfig(
        burst_limit=1, requests_per_minute=15, requests_per_hour=250
    )
