"""Our server as it is, but that every kept answer has to come from Redis."""

from bench.cache.redis_only import memory_finds_nothing
from prismiq.entrypoints.asgi import app

memory_finds_nothing.start()

__all__ = ["app"]
