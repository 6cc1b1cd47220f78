import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.rate_limits import (
    HOUR,
    SECOND,
    Buckets,
    Decision,
    RateLimitConfig,
    Undecided,
)
from prismiq.domain.rules.limit_headers import LIMIT_HEADERS, limit_headers, most_constraining
from prismiq.domain.rules.token_bucket import full_at, standings, take

SPEC = RateLimitConfig()
UNIX_NOW = 1_800_000_000 * SECOND + 250_000


def decide(config: RateLimitConfig, count: int, now: int = 0, cost: int = 1) -> Decision:
    buckets: Buckets | None = None
    for _ in range(count):
        buckets, decision = take(config, buckets, now, cost)
    return decision


def test_the_first_request_of_a_client() -> None:
    assert limit_headers(decide(SPEC, 1), UNIX_NOW) == {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "9",
        "X-RateLimit-Reset": "1800000001",
        "RateLimit": '"burst";r=9;t=1',
        "RateLimit-Policy": '"burst";q=10;w=1, "minute";q=60;w=60, "hour";q=1000;w=3600',
    }


def test_a_refusal_says_how_long_to_wait() -> None:
    headers = limit_headers(decide(SPEC, 11), UNIX_NOW)
    assert headers["X-RateLimit-Remaining"] == "0"
    assert headers["X-RateLimit-Reset"] == "1800000002"  # full at .25 + 1 second, rounded up
    assert headers["Retry-After"] == "1"
    assert set(headers) == set(LIMIT_HEADERS)


def test_the_window_with_the_fewest_tokens_left_is_described() -> None:
    config = RateLimitConfig(burst_limit=10, requests_per_minute=20, requests_per_hour=4)
    assert limit_headers(decide(config, 1), UNIX_NOW)["RateLimit"] == '"hour";r=3;t=900'


def test_a_refusal_describes_the_window_to_wait_for_longest() -> None:
    config = RateLimitConfig(burst_limit=2, requests_per_minute=2, requests_per_hour=2)
    headers = limit_headers(decide(config, 3), UNIX_NOW)
    assert headers["RateLimit"] == '"hour";r=0;t=3600'
    assert headers["X-RateLimit-Reset"] == str(1_800_000_000 + 3601)
    assert headers["Retry-After"] == "1800"


def test_a_refused_cost_describes_the_window_it_does_not_fit_although_tokens_are_left() -> None:
    config = RateLimitConfig(burst_limit=10, requests_per_minute=60, requests_per_hour=1000)
    buckets, _ = take(config, None, 0, 8)
    _, denied = take(config, buckets, 0, 5)
    headers = limit_headers(denied, UNIX_NOW)
    assert headers["X-RateLimit-Remaining"] == "2"
    assert headers["Retry-After"] == "1"


@given(
    st.builds(
        RateLimitConfig,
        burst_limit=st.integers(1, 20),
        requests_per_minute=st.integers(1, 90),
        requests_per_hour=st.integers(1, 900),
    ),
    st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=50),
)
def test_retry_after_is_sufficient_and_reset_is_when_all_is_full(
    config: RateLimitConfig, pauses: list[int]
) -> None:
    buckets: Buckets | None = None
    now = 0
    for pause in pauses:
        now += pause
        buckets, decision = take(config, buckets, now)
        headers = limit_headers(decision, UNIX_NOW + now)
        full = UNIX_NOW + full_at(config, buckets)
        assert int(headers["X-RateLimit-Reset"]) * SECOND < full + SECOND
        assert int(headers["X-RateLimit-Remaining"]) < int(headers["X-RateLimit-Limit"])
        assert ("Retry-After" in headers) == (not decision.allowed)
        if not decision.allowed:
            seconds = int(headers["Retry-After"])
            assert seconds >= 1
            assert take(config, buckets, now + seconds * SECOND)[1].allowed


@given(
    st.builds(
        RateLimitConfig,
        burst_limit=st.integers(1, 20),
        requests_per_minute=st.integers(1, 90),
        requests_per_hour=st.integers(1, 900),
    ),
    st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=50),
    st.integers(1, 3),
)
def test_they_are_those_of_the_most_constraining_window(
    config: RateLimitConfig, pauses: list[int], cost: int
) -> None:
    buckets: Buckets | None = None
    now = 0
    for pause in pauses:
        now += pause
        buckets, decision = take(config, buckets, now, cost)
        window = most_constraining(standings(decision))
        headers = limit_headers(decision, UNIX_NOW)
        full_in = -(-window.full_in // SECOND)
        assert headers["RateLimit"] == f'"{window.name}";r={window.remaining};t={full_in}'
        assert headers["X-RateLimit-Limit"] == str(window.limit)
        assert headers["X-RateLimit-Remaining"] == str(window.remaining)
        assert headers["X-RateLimit-Reset"] == str(-(-(UNIX_NOW + window.full_in) // SECOND))


@pytest.mark.parametrize("microseconds", [0, 1, 999_999, HOUR])
def test_retry_after_is_never_zero(microseconds: int) -> None:
    config = RateLimitConfig(burst_limit=10, requests_per_minute=10_000, requests_per_hour=100_000)
    headers = limit_headers(decide(config, 11, now=microseconds), UNIX_NOW)
    assert headers["Retry-After"] == "1"


def test_without_the_store_no_number_is_made_up() -> None:
    admitted = limit_headers(Undecided(True, SPEC), UNIX_NOW)
    assert set(admitted) == {"RateLimit-Policy"}
    refused = limit_headers(Undecided(False, SPEC), UNIX_NOW)
    assert refused["Retry-After"] == "1"
