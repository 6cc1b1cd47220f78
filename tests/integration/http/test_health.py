"""Health against servers that are well, down, hung and full."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq import PrismiqEngine, create_router
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.redis.cache import RedisCache

PATHS = ("/health", "/health/live", "/health/ready")
WELL = (200, 200, 200)
OUT_OF_SERVICE = (503, 200, 503)
STATEMENTS = """
SELECT query, calls FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND query NOT LIKE '%pg_stat_statements%'
"""


@pytest.fixture
def server(module_server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that the test may stop and freeze."""
    with EmbeddedPostgres(module_server_dir / "data", settings={"fsync": "off"}) as running:
        yield running


@asynccontextmanager
async def stopped(processes: list[int]) -> AsyncIterator[None]:
    """Let the processes stand still."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


async def processes_of(server: EmbeddedPostgres) -> list[int]:
    observer: Any = await asyncpg.connect(server.dsn)
    rows = await observer.fetch(
        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )
    await observer.close()
    return [server.pid, *(row["pid"] for row in rows)]


async def look(engine: PrismiqEngine, client: httpx.AsyncClient) -> dict[str, Any]:
    """Ask all probes at once, and return what the overview says with all statuses."""
    for probing in engine.health._probings.values():
        probing.forget()  # as if the period had passed
    answers = await asyncio.gather(*(client.get(path) for path in PATHS))
    checks = answers[0].json()["checks"]
    return {
        "statuses": tuple(answer.status_code for answer in answers),
        "overall": answers[0].json()["status"],
        **{name: check["message"] for name, check in checks.items()},
    }


async def fastest_of(count: int, engine: PrismiqEngine, client: httpx.AsyncClient) -> float:
    """The time in seconds that the quickest of some rounds of probes took.

    One round may be slow on a busy machine; a probe without a deadline is slow each time.
    """
    took = []
    for _ in range(count):
        began = time.monotonic()
        await look(engine, client)
        took.append(time.monotonic() - began)
    return min(took)


async def test_the_database_well_hung_down_and_back(server: EmbeddedPostgres, connect: Any) -> None:
    engine = PrismiqEngine(server.dsn, pool_max_size=4)
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    client: httpx.AsyncClient = await connect(app)
    assert (await look(engine, client))["database"] == "not_started"
    async with engine:
        well = {"statuses": WELL, "overall": "healthy", "database": None}
        assert await look(engine, client) == well
        async with stopped(await processes_of(server)):
            assert await look(engine, client) == {
                "statuses": OUT_OF_SERVICE,
                "overall": "unhealthy",
                "database": "timeout",
            }
            assert await fastest_of(5, engine, client) < 1
        async with asyncio.timeout(30):
            while await look(engine, client) != well:
                pass
        await asyncio.to_thread(server.stop)
        assert await look(engine, client) == {
            "statuses": OUT_OF_SERVICE,
            "overall": "unhealthy",
            "database": "unreachable",
        }
        await asyncio.to_thread(server.start)
        assert await look(engine, client) == well


async def test_a_full_pool_is_saturated_and_stays_in_service_unless_the_database_hangs(
    server: EmbeddedPostgres, connect: Any
) -> None:
    engine = PrismiqEngine(server.dsn, pool_max_size=2, pool_acquire_timeout=60)
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    client: httpx.AsyncClient = await connect(app)
    async with engine, AsyncExitStack() as busy:
        for _ in range(2):
            await busy.enter_async_context(engine._container.pool().acquire())
        saturated = {"statuses": WELL, "overall": "degraded", "database": "saturated"}
        assert await look(engine, client) == saturated
        assert await fastest_of(5, engine, client) < 1
        async with stopped(await processes_of(server)):
            found = await look(engine, client)
            assert (found["statuses"], found["database"]) == (OUT_OF_SERVICE, "timeout")
            assert await fastest_of(5, engine, client) < 1
        assert await look(engine, client) == saturated


async def test_a_cache_that_is_well_frozen_and_dead(
    reader_dsn: str, connect: Any, start_redis: Any
) -> None:
    redis = start_redis()
    cache = RedisCache(redis.url)
    engine = PrismiqEngine(reader_dsn, cache=cache)
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    client: httpx.AsyncClient = await connect(app)
    well = {"statuses": WELL, "overall": "healthy", "database": None, "cache": None}
    degraded = {"statuses": WELL, "overall": "degraded", "database": None, "cache": "unreachable"}
    async with engine:
        assert await look(engine, client) == well
        async with stopped([redis.process.pid]):
            assert await look(engine, client) == degraded
            assert await fastest_of(5, engine, client) < 1
        async with asyncio.timeout(30):
            while await look(engine, client) != well:
                pass
        redis.process.kill()
        redis.process.wait()
        assert await look(engine, client) == degraded
    await cache.disconnect()


async def test_a_cache_in_memory_is_checked_too(reader_dsn: str) -> None:
    async with PrismiqEngine(reader_dsn, cache=InMemoryCache()) as engine:
        found = await engine.check_health()
    assert (found.status, set(found.checks)) == ("healthy", {"database", "cache"})


async def test_a_check_of_the_integrators_can_take_the_engine_out_of_service(
    reader_dsn: str, connect: Any
) -> None:
    async def license_server() -> None:
        raise RuntimeError("SECRET")

    engine = PrismiqEngine(reader_dsn)
    engine.add_health_check("license", license_server, critical=True, timeout=0.5)
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    client: httpx.AsyncClient = await connect(app)
    async with engine:
        found = await look(engine, client)
        assert (found["statuses"], found["license"]) == (OUT_OF_SERVICE, "failed")
        assert (await client.get("/health/startup")).status_code == 200


async def test_a_thousand_probes_cost_one_query(
    database: str, connection: Any, connect: Any
) -> None:
    await connection.execute("CREATE EXTENSION pg_stat_statements")
    engine = PrismiqEngine(database)
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    client: httpx.AsyncClient = await connect(app)
    async with engine:
        await connection.execute("SELECT pg_stat_statements_reset()")
        await asyncio.gather(*(engine.check_health() for _ in range(1_000)))
        assert await connection.fetch(STATEMENTS) == [("SELECT $1", 1)]

        await connection.execute("SELECT pg_stat_statements_reset()")
        began = time.monotonic()
        paths = ("/health", "/health/ready")
        answers = await asyncio.gather(*(client.get(paths[n % 2]) for n in range(1_000)))
        periods = 1 + int(time.monotonic() - began)
        assert {answer.status_code for answer in answers} == {200}
        [(statement, calls)] = await connection.fetch(STATEMENTS) or [("SELECT $1", 0)]
        assert statement == "SELECT $1"
        assert calls <= periods
