"""Any number of probes costs one look, and none of them waits, lies or learns too much."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    PoolExhaustedError,
)
from prismiq.domain.services.health_service import HealthService

LetOthersRun = Callable[[], Awaitable[None]]
PERIOD = 1.0


class Thing:
    """Something to look at: well, unwell, silent until told otherwise, or deaf to cancellation."""

    def __init__(self) -> None:
        self.looks = 0
        self.error: BaseException | None = None
        self.holds = False
        self.is_deaf = False
        self.may_answer = asyncio.Event()
        self.cancelled = 0

    async def __call__(self) -> None:
        self.looks += 1
        while self.holds and not self.may_answer.is_set():
            try:
                await self.may_answer.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                if not self.is_deaf:
                    raise
        if self.error is not None:
            raise self.error


@pytest.fixture
def database() -> Thing:
    return Thing()


@pytest.fixture
def cache() -> Thing:
    return Thing()


@pytest.fixture
async def health(clock: Any, database: Thing, cache: Thing) -> Any:
    service = HealthService(clock, "1.2.3", period=PERIOD)
    service.add("database", database, critical=True, timeout=0.05)
    service.add("cache", cache, critical=False, timeout=0.05)
    service.mark_started()
    yield service
    database.may_answer.set()
    cache.may_answer.set()
    await service.stop()


CONDITIONS: dict[str, tuple[Callable[[Thing], None], str, str | None]] = {
    "healthy": (lambda _thing: None, "healthy", None),
    "failing": (
        lambda thing: setattr(thing, "error", DatabaseUnavailableError("S3CRET")),
        "unhealthy",
        "unreachable",
    ),
    "hanging": (lambda thing: setattr(thing, "holds", True), "unhealthy", "timeout"),
    "saturated": (
        lambda thing: setattr(thing, "error", PoolExhaustedError()),
        "degraded",
        "saturated",
    ),
    "broken": (lambda thing: setattr(thing, "error", ValueError("S3CRET")), "unhealthy", "failed"),
    "given up": (
        lambda thing: setattr(thing, "error", asyncio.CancelledError()),
        "unhealthy",
        "failed",
    ),
}


@pytest.mark.parametrize("of_cache", CONDITIONS)
@pytest.mark.parametrize("of_database", CONDITIONS)
async def test_the_truth_table(
    health: HealthService, database: Thing, cache: Thing, of_database: str, of_cache: str
) -> None:
    let_database, database_status, database_reason = CONDITIONS[of_database]
    let_cache, cache_status, cache_reason = CONDITIONS[of_cache]
    let_database(database)
    let_cache(cache)

    found = await health.status()

    assert (found.checks["database"].status, found.checks["database"].message) == (
        database_status,
        database_reason,
    )
    assert (found.checks["cache"].status, found.checks["cache"].message) == (
        cache_status,
        cache_reason,
    )
    if database_status == "unhealthy":
        assert found.status == "unhealthy"
    elif (database_status, cache_status) == ("healthy", "healthy"):
        assert found.status == "healthy"
    else:
        assert found.status == "degraded"
    expected = {"database": database_reason} if database_status == "unhealthy" else {}
    assert await health.obstacles() == expected
    assert "S3CRET" not in found.model_dump_json()


async def test_a_thousand_probes_are_one_look(
    health: HealthService, database: Thing, let_others_run: LetOthersRun
) -> None:
    database.holds = True
    asking: list[asyncio.Task[Any]] = [
        asyncio.create_task(ask()) for ask in (health.status, health.obstacles) for _ in range(500)
    ]
    await let_others_run()
    database.may_answer.set()
    await asyncio.gather(*asking)
    assert database.looks == 1


async def test_a_finding_never_outlives_its_period(
    health: HealthService, clock: Any, database: Thing
) -> None:
    assert await health.obstacles() == {}
    database.error = DatabaseUnavailableError()
    clock.advance(PERIOD * 0.999)
    assert await health.obstacles() == {}
    assert database.looks == 1
    clock.advance(PERIOD * 0.001)
    assert await health.obstacles() == {"database": "unreachable"}
    assert database.looks == 2
    database.error = None
    clock.advance(PERIOD)
    assert await health.obstacles() == {}


async def test_the_period_begins_with_the_look_and_not_with_its_end(
    health: HealthService, clock: Any, database: Thing, let_others_run: LetOthersRun
) -> None:
    database.holds = True
    asking = asyncio.create_task(health.obstacles())
    await let_others_run()
    clock.advance(PERIOD)
    database.may_answer.set()
    assert await asking == {}
    database.error = DatabaseUnavailableError()
    assert await health.obstacles() == {"database": "unreachable"}


async def test_who_leaves_takes_nobody_along(
    health: HealthService, database: Thing, let_others_run: LetOthersRun
) -> None:
    database.holds = True
    impatient = asyncio.create_task(health.obstacles())
    patient = asyncio.create_task(health.obstacles())
    await let_others_run()
    impatient.cancel()
    await let_others_run()
    database.may_answer.set()
    assert await patient == {}
    assert (impatient.cancelled(), database.looks, database.cancelled) == (True, 1, 0)


async def test_checks_run_side_by_side_and_readiness_waits_for_critical_ones_only(
    health: HealthService, cache: Thing, database: Thing, let_others_run: LetOthersRun
) -> None:
    cache.holds = database.holds = True
    asking = asyncio.create_task(health.status())
    await let_others_run()
    assert (database.looks, cache.looks) == (1, 1)
    database.may_answer.set()
    assert await health.obstacles() == {}
    assert not asking.done()
    cache.may_answer.set()
    assert (await asking).status == "healthy"


async def test_a_probe_that_is_deaf_is_left_alone_and_not_called_twice(
    health: HealthService, clock: Any, database: Thing, let_others_run: LetOthersRun
) -> None:
    database.holds = database.is_deaf = True
    for _ in range(3):
        assert await health.obstacles() == {"database": "timeout"}
        clock.advance(PERIOD)
    assert (database.looks, database.cancelled) == (1, 1)
    database.may_answer.set()
    await let_others_run()
    assert await health.obstacles() == {}


async def test_draining_is_said_at_once_and_without_a_look(
    health: HealthService, database: Thing
) -> None:
    assert await health.obstacles() == {}
    health.mark_draining()
    looks = database.looks
    assert await health.obstacles() == {"lifecycle": "draining"}
    assert database.looks == looks
    found = await health.status()
    assert found.status == "degraded"
    assert found.checks["lifecycle"].message == "draining"
    assert found.checks["database"].status == "healthy"
    assert database.looks == looks + 1  # what was found before is not believed any more


async def test_draining_reaches_those_who_wait_already(
    health: HealthService, database: Thing, let_others_run: LetOthersRun
) -> None:
    database.holds = True
    early = asyncio.create_task(health.obstacles())
    await let_others_run()
    health.mark_draining()
    later = asyncio.create_task(health.status())
    await let_others_run()
    assert database.looks == 2
    database.may_answer.set()
    assert await early == {"lifecycle": "draining"}
    assert (await later).checks["database"].status == "healthy"


async def test_a_look_from_before_does_not_overwrite_one_from_after(
    health: HealthService, database: Thing, let_others_run: LetOthersRun
) -> None:
    database.holds = True
    early = asyncio.create_task(health.obstacles())
    await let_others_run()
    health.mark_started()  # anew, as after a restart of the engine
    database.holds = False
    database.error = DatabaseUnavailableError()
    assert await health.obstacles() == {"database": "unreachable"}
    database.error = None
    database.may_answer.set()
    assert await early == {}
    assert await health.obstacles() == {"database": "unreachable"}


async def test_uptime_is_monotonic_and_fresh(health: HealthService, clock: Any) -> None:
    first = await health.status()
    clock.advance(0.25)
    second = await health.status()  # its checks are those of the first
    assert second.uptime_seconds - first.uptime_seconds == 0.25
    assert second.version == "1.2.3"


async def test_what_one_caller_does_with_an_answer_is_no_concern_of_others(
    health: HealthService,
) -> None:
    (await health.status()).checks.clear()
    assert set((await health.status()).checks) == {"database", "cache"}


async def test_a_change_is_logged_once_and_without_the_errors_text(
    health: HealthService, clock: Any, database: Thing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "prismiq.health")
    database.error = DatabaseUnavailableError("S3CRET")
    for _ in range(2):
        await health.status()
        clock.advance(PERIOD)
    database.error = None
    for _ in range(2):
        await health.status()
        clock.advance(PERIOD)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "ERROR",
            "health check database is unhealthy: unreachable (DatabaseUnavailableError)",
        ),
        ("INFO", "health check database is healthy"),
    ]


@pytest.mark.parametrize(
    "name", ["", "Cache", "a b", "database", "lifecycle", "ü", "a\n", 64 * "a"]
)
def test_names_are_new_and_tidy(health: HealthService, name: str) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        health.add(name, Thing(), critical=False, timeout=0.5)


@pytest.mark.parametrize("timeout", [0, -1, 0.91, float("nan"), float("inf")])
def test_no_check_may_take_a_second(health: HealthService, timeout: float) -> None:
    with pytest.raises(ConfigurationError, match=r"0\.9"):
        health.add("mine", Thing(), critical=False, timeout=timeout)


async def test_stopping_cancels_what_hangs(
    clock: Any, database: Thing, let_others_run: LetOthersRun
) -> None:
    health = HealthService(clock, "1")
    health.add("database", database, critical=True, timeout=0.9)
    database.holds = True
    asking = asyncio.create_task(health.obstacles())
    await let_others_run()
    await health.stop()
    assert database.cancelled == 1
    assert await asking == {"database": "failed"}
