"""The command, with a deadline for Redis that a busy machine does not miss."""

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.entrypoints.cli.main import run

PATIENT = {"deadline": 5.0}
"""Seconds. For tests that are not about deadlines."""


if __name__ == "__main__":
    (RedisConnection.to.__kwdefaults__ or {}).update(PATIENT)
    run()
