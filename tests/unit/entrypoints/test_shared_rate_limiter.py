"""The shared limiter as users make it; how it decides is tested where that is done."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from prismiq import ConfigurationError, RateLimitConfig, SharedRateLimiter
from prismiq.domain.model.rate_limits import LocalDecision, Undecided, Verdict

NOBODY = "redis://127.0.0.1:1/0"
TIGHT = RateLimitConfig(burst_limit=4)


async def decide(count: int, **options: Any) -> list[Verdict]:
    limiter = SharedRateLimiter(TIGHT, SecretStr(NOBODY), **options)
    try:
        return [await limiter.decide("a") for _ in range(count)]
    finally:
        await limiter.close()


async def test_while_redis_is_away_each_process_counts_with_its_share() -> None:
    decisions = await decide(3, replicas=2)
    assert all(isinstance(decision, LocalDecision) for decision in decisions)
    assert [decision.allowed for decision in decisions] == [True, True, False]


@pytest.mark.parametrize(("outage", "allowed"), [("open", True), ("closed", False)])
async def test_or_all_are_admitted_or_refused(outage: str, allowed: bool) -> None:
    assert await decide(1, outage=outage) == [Undecided(allowed, TIGHT)]


def test_a_wrong_address_or_policy_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        SharedRateLimiter(TIGHT, "http://:S3CRET@cache")
    assert "S3CRET" not in caught.value.message
    with pytest.raises(ValueError, match="ajar"):
        SharedRateLimiter(TIGHT, NOBODY, outage="ajar")


def test_without_the_driver_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['redis'] = None\n"
        "import prismiq\n"
        "try: prismiq.SharedRateLimiter(prismiq.RateLimitConfig(), 'redis://cache')\n"
        "except prismiq.ConfigurationError as error: print(error.message)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'prismiq[redis]'" in done.stdout
