"""Where there is no store to be away."""

from collections.abc import Callable

from prismiq.ports.store_availability import StoreAvailability


class AlwaysAvailable(StoreAvailability):
    """The memory of this process is there for as long as the process is."""

    @property
    def is_available(self) -> bool:
        return True

    def watch(self, on_change: Callable[[bool], None]) -> None:
        del on_change  # never

    async def available(self) -> None:
        return
