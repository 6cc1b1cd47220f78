"""Our server as it is, but that every kept answer has to come from Redis.

It waits longer for Redis than it does usually: on a busy machine the deadline would now and then
send it to the database instead, which is another measurement.
"""

from functools import partial
from unittest.mock import patch

from bench.cache.redis_only import PATIENCE, memory_finds_nothing
from prismiq.adapters.redis.connection import RedisConnection

memory_finds_nothing.start()
patch.object(RedisConnection, "to", partial(RedisConnection.to, deadline=PATIENCE)).start()

from prismiq.entrypoints.asgi import app  # noqa: E402 - it is made when it is imported

__all__ = ["app"]
