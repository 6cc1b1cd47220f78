"""A cache that several processes use at once, with what keeps them in step."""

from abc import abstractmethod

from prismiq.domain.model.observations import CacheUsage
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.table_versions import TableVersions


class SharedCache(CacheBackend):
    """Entries, versions, messages and leases of one installation, in one store.

    Each call makes a new object; all of them lead to the same store. To clear everything
    (``clear()`` without a pattern) also invalidates everything, so that answers which processes
    have in their own memory are gone too, as soon as they hear of it.
    """

    @abstractmethod
    def table_versions(self) -> TableVersions:
        """Return what makes the entries valid."""

    @abstractmethod
    def invalidation_bus(self, topic: str = "tables") -> InvalidationBus:
        """Return what carries messages about a topic to the other processes."""

    @abstractmethod
    def computation_lease(self) -> ComputationLease:
        """Return what makes one process compute while the others wait."""

    @abstractmethod
    async def inventory(self) -> CacheUsage:
        """Return how many entries there are, and the bytes of their values.

        It looks at every key, so it is for operators.
        """

    @abstractmethod
    async def connect(self) -> None:
        """Make sure that the store answers.

        Raises:
            StoreUnavailableError: it does not answer yet.
        """

    @abstractmethod
    def availability(self) -> StoreAvailability:
        """Return what tells when the store is away, and when it is back."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the connections that belong to it."""
