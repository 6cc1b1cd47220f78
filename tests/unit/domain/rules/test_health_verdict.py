"""The truth table of health, and that an error's own text never gets out."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
    PrismiqError,
    QueryTimeoutError,
    StoreUnavailableError,
)
from prismiq.domain.model.health import HealthCheck
from prismiq.domain.rules.health_verdict import check_of, overall

STANDINGS = ("healthy", "degraded", "unhealthy")

TABLE = {
    # (critical, not critical): together
    ("healthy", "healthy"): "healthy",
    ("healthy", "degraded"): "degraded",
    ("healthy", "unhealthy"): "degraded",
    ("degraded", "healthy"): "degraded",
    ("degraded", "degraded"): "degraded",
    ("degraded", "unhealthy"): "degraded",
    ("unhealthy", "healthy"): "unhealthy",
    ("unhealthy", "degraded"): "unhealthy",
    ("unhealthy", "unhealthy"): "unhealthy",
}


@pytest.mark.parametrize("standings", list(product(STANDINGS, repeat=2)))
def test_only_a_critical_check_makes_the_whole_unhealthy(standings: tuple[str, str]) -> None:
    database, cache = (HealthCheck(status=standing) for standing in standings)
    checks = {"database": database, "cache": cache}
    assert overall(checks, {"database"}) == TABLE[standings]


@given(st.dictionaries(st.text(max_size=3), st.sampled_from(STANDINGS)), st.data())
def test_more_trouble_never_looks_better(standings: dict[str, str], data: st.DataObject) -> None:
    critical = data.draw(st.sets(st.sampled_from(sorted(standings)))) if standings else set()
    checks = {name: HealthCheck(status=standing) for name, standing in standings.items()}
    before = STANDINGS.index(overall(checks, critical))
    for name in checks:
        worse = {**checks, name: HealthCheck(status="unhealthy")}
        assert STANDINGS.index(overall(worse, critical)) >= before
        assert (overall(worse, critical) == "unhealthy") >= (name in critical)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (None, "healthy", None),
        (PoolExhaustedError(), "degraded", "saturated"),
        (DatabaseUnavailableError("S3CRET"), "unhealthy", "unreachable"),
        (StoreUnavailableError("S3CRET"), "unhealthy", "unreachable"),
        (QueryTimeoutError(1.0), "unhealthy", "timeout"),
        (TimeoutError("S3CRET"), "unhealthy", "timeout"),
        (EngineNotStartedError(), "unhealthy", "not_started"),
        (ConfigurationError("S3CRET"), "unhealthy", "failed"),
        (PrismiqError("S3CRET"), "unhealthy", "failed"),
        (ValueError("S3CRET"), "unhealthy", "failed"),
        (ConnectionRefusedError("S3CRET"), "unhealthy", "failed"),
    ],
    ids=repr,
)
def test_errors_become_reasons(error: Exception | None, status: str, reason: str | None) -> None:
    check = check_of(error, 1.23456)
    assert (check.status, check.message, check.latency_ms) == (status, reason, 1.23)
