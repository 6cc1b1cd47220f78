"""Our cache with a memory that finds nothing: every kept answer comes from Redis.

That is a hit in a process that has not met the answer before, or had no room left for it. All
else is as usual: what comes from Redis is put into memory each time.
"""

from unittest.mock import patch

from prismiq.adapters.memory.cache import InMemoryCache

PATIENCE = 5.0
"""Seconds to wait for Redis. With the usual 0.1 a busy machine looks like one without Redis."""


def _nothing(_memory: InMemoryCache, _key: str) -> None:
    """Find nothing."""


memory_finds_nothing = patch.object(InMemoryCache, "find", _nothing)
"""Blinds all memories of this process: within a ``with`` block, or from ``start()`` on."""
