"""A server has one way to Redis for answers, limits and places, and finds it again when it is
started again."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from prismiq import Settings, create_app
from prismiq.adapters.redis.connection import RedisConnection


def carriers(limit: int) -> dict[str, Any]:
    return {
        "tables": [{"id": "t", "name": "airlines"}],
        "columns": [{"table_id": "t", "column": "carrier"}],
        "limit": limit,
    }


async def kinds_of_keys(redis: Redis) -> Counter[str]:
    return Counter(str(key).split(":")[1] for key in await redis.keys("prismiq:*"))


async def test_a_server_has_one_connection_however_often_it_starts(
    reader_dsn: str, start_redis: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    make = RedisConnection.to

    def counted(redis_url: str) -> RedisConnection:
        made.append(make(redis_url, deadline=2.0, connect_timeout=5.0))
        return made[-1]

    monkeypatch.setattr(RedisConnection, "to", counted)
    url = start_redis().url
    settings = Settings(
        database_url=reader_dsn, redis_url=url, queries_per_client=4, rate_limit_enabled=True
    )
    app = create_app(settings)
    async with Redis.from_url(url) as redis:
        for lives in (1, 2):
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app), base_url="http://test/api"
                ) as client,
            ):
                for outcome in ("MISS", "HIT"):
                    answer = await client.post("/query/execute", json=carriers(lives))
                    assert (answer.status_code, answer.headers["x-cache"]) == (200, outcome)
                assert await kinds_of_keys(redis) == {"limits": 1, "entry": lives}
            assert not made[0].is_available
    assert len(made) == 1
