"""A cache in two tiers as users make it: ``TieredCache(RedisCache(url))``."""

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.domain.model.observations import CacheUsage
from prismiq.domain.services import tiered_cache
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.shared_cache import SharedCache
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.table_versions import TableVersions

_TOPIC = "entries"


class TieredCache(tiered_cache.TieredCache, SharedCache):
    """Keeps copies of a shared cache's entries in this process, in step with other processes.

    For values of your own: an engine puts a tier of its own in front of a ``RedisCache``. Enter it
    with ``async with``, so that it hears what others change.

    Args:
        shared: of all processes. Who made it closes it.
        max_bytes: of the copies.
        max_age: seconds after which a copy is read again, whatever was heard.
    """

    def __init__(
        self,
        shared: SharedCache,
        *,
        max_bytes: int = 64 * 1024 * 1024,
        max_age: float = 5.0,
    ) -> None:
        self._store = shared
        local = InMemoryCache(max_bytes=max_bytes)
        super().__init__(local, shared, shared.invalidation_bus(_TOPIC), max_age=max_age)

    def table_versions(self) -> TableVersions:
        return self._store.table_versions()

    def invalidation_bus(self, topic: str = "tables") -> InvalidationBus:
        return self._store.invalidation_bus(topic)

    def availability(self) -> StoreAvailability:
        return self._store.availability()

    def computation_lease(self) -> ComputationLease:
        return self._store.computation_lease()

    async def inventory(self) -> CacheUsage:
        return await self._store.inventory()

    async def connect(self) -> None:
        await self._store.connect()

    async def disconnect(self) -> None:
        await self._store.disconnect()
