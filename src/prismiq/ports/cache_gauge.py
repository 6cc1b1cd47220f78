"""What a cache in memory holds."""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from prismiq.domain.model.observations import CacheUsage


@runtime_checkable
class CacheGauge(Protocol):
    """At hand without waiting."""

    @abstractmethod
    def usage(self) -> CacheUsage:
        """Return what is held at this moment."""
