"""The bus where there is only one process."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from prismiq.ports.invalidation_bus import InvalidationBus

_OnNames = Callable[[frozenset[str]], None]


class InMemoryExchange:
    """What connects several buses in one process, as a Redis does between processes."""

    def __init__(self) -> None:
        self._listeners: list[tuple[object, _OnNames]] = []

    def send(self, sender: object, names: frozenset[str]) -> None:
        """Call every listener whose bus is not the sender."""
        for bus, on_names in tuple(self._listeners):
            if bus is not sender:
                on_names(names)

    def add(self, bus: object, on_names: _OnNames) -> Callable[[], None]:
        """Add a listener and return what removes it."""
        listener = (bus, on_names)
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


class InMemoryInvalidationBus(InvalidationBus):
    """Alone it has nobody to talk to; buses with the same exchange hear one another."""

    def __init__(self, exchange: InMemoryExchange | None = None) -> None:
        self._exchange = exchange or InMemoryExchange()

    async def publish(self, names: Collection[str]) -> None:
        self._exchange.send(self, frozenset(names))

    @asynccontextmanager
    async def listen(
        self, on_names: Callable[[frozenset[str]], None], on_gap: Callable[[], None]
    ) -> AsyncIterator[None]:
        remove = self._exchange.add(self, on_names)
        on_gap()
        try:
            yield
        finally:
            remove()
