"""A cache that several processes use at once, with what keeps them in step."""

from abc import abstractmethod

from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.table_versions import TableVersions


class SharedCache(CacheBackend):
    """Entries, versions, messages and leases of one installation, in one store.

    Each call makes a new object; all of them lead to the same store.
    """

    @abstractmethod
    def table_versions(self) -> TableVersions:
        """Return what makes the entries valid."""

    @abstractmethod
    def invalidation_bus(self) -> InvalidationBus:
        """Return what tells the other processes of invalidated tables."""

    @abstractmethod
    def computation_lease(self) -> ComputationLease:
        """Return what makes one process compute while the others wait."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the connections that belong to it."""
