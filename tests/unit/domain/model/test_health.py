"""The fields of a health answer are the contract with whoever reads it."""

import pytest
from pydantic import ValidationError

from prismiq import HealthCheck, HealthStatus


def test_the_fields_are_those_of_the_contract() -> None:
    assert list(HealthStatus.model_fields) == ["status", "version", "uptime_seconds", "checks"]
    assert list(HealthCheck.model_fields) == ["status", "message", "latency_ms"]
    check = HealthCheck(status="healthy")
    assert (check.message, check.latency_ms) == (None, None)


def test_they_are_strict() -> None:
    with pytest.raises(ValidationError):
        HealthCheck.model_validate({"status": 1})
    with pytest.raises(ValidationError):
        HealthStatus.model_validate(
            {"status": "healthy", "version": "1", "uptime_seconds": "1", "checks": {}}
        )
