"""``prismiq cache``: the cache that servers share, from a terminal."""

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

from prismiq import PrismiqEngine, QueryDefinition
from prismiq.adapters.redis.cache import RedisCache

Run = Callable[..., CompletedProcess[str]]

BY_CARRIER = QueryDefinition.model_validate(
    {
        "tables": [{"id": "f", "name": "flights"}],
        "columns": [
            {"table_id": "f", "column": "carrier"},
            {"table_id": "f", "column": "*", "aggregation": "count"},
        ],
    }
)


async def _filled(dsn: str, redis_url: str) -> RedisCache:
    cache = RedisCache(redis_url)
    async with PrismiqEngine(dsn, cache=cache) as engine:
        await engine.execute_query(BY_CARRIER)
    return cache


async def test_what_is_kept_is_counted_and_forgotten(
    run: Run, flights_dsn: str, start_redis: Any
) -> None:
    redis_url = start_redis().url
    settings = {"PRISMIQ_DATABASE_URL": flights_dsn, "PRISMIQ_REDIS_URL": redis_url}
    cache = await _filled(flights_dsn, redis_url)
    stats = run("cache", "stats", **settings)
    assert (stats.returncode, stats.stderr) == (0, "")
    assert dict(line.split() for line in stats.stdout.splitlines()[2:])["entries"] == "1"

    assert "0 answers" in run("cache", "invalidate", "airlines", **settings).stdout
    done = run("cache", "invalidate", "flights", **settings)
    assert (done.returncode, done.stdout) == (0, "Invalidated flights: 1 answer at most.\n")

    async with PrismiqEngine(flights_dsn, cache=cache) as engine:
        assert engine.query_cache is not None
        explanation = await engine.query_cache.explain(BY_CARRIER)
        assert (explanation.state, explanation.reason) == ("missing", "invalidated")
        await engine.execute_query(BY_CARRIER)
    done = run("cache", "invalidate", **settings)
    assert done.stdout.startswith("Invalidated everything: 1 answer")
    await cache.disconnect()


def test_without_a_shared_cache_it_says_what_to_do(run: Run, flights_dsn: str) -> None:
    for command in ("stats", "invalidate"):
        done = run("cache", command, PRISMIQ_DATABASE_URL=flights_dsn)
        assert (done.returncode, done.stdout) == (1, "")
        assert "PRISMIQ_REDIS_URL" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_redis_that_is_away_is_never_taken_for_done(
    run: Run, flights_dsn: str, start_redis: Any
) -> None:
    server = start_redis()
    server.process.kill()
    settings = {"PRISMIQ_DATABASE_URL": flights_dsn, "PRISMIQ_REDIS_URL": server.url}
    done = run("cache", "invalidate", "flights", **settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["The shared store cannot be reached."]


async def test_it_works_while_the_database_is_away(
    run: Run, flights_dsn: str, start_redis: Any
) -> None:
    redis_url = start_redis().url
    await (await _filled(flights_dsn, redis_url)).disconnect()
    nowhere = "postgresql://reader@127.0.0.1:1/nowhere"
    settings = {"PRISMIQ_DATABASE_URL": nowhere, "PRISMIQ_REDIS_URL": redis_url}
    done = run("cache", "invalidate", "flights", **settings)
    assert (done.returncode, done.stdout) == (0, "Invalidated flights: 1 answer at most.\n")
    assert "partition" in done.stderr


def test_too_many_words_are_bad_usage(run: Run, flights_dsn: str) -> None:
    done = run("cache", "invalidate", "flights", "airlines", PRISMIQ_DATABASE_URL=flights_dsn)
    assert done.returncode == 2
