"""Bodies that were read before."""

from collections import OrderedDict
from typing import Generic, TypeVar

Model = TypeVar("Model")

_LONGEST = 8 * 1024
_OVERHEAD = 128
"""Bytes. The models of the shortest bodies take more than their share."""


class KnownBodies(Generic[Model]):
    """Validated models by the exact bytes they were read from. Not for several threads.

    Equal bytes give the very same model, which is frozen, and neither parsing nor validation has
    to be done twice. Long bodies are not kept.

    Args:
        max_bytes: of all bodies that are kept, with what it takes to manage them; the one that was
            used longest ago leaves first. The models take some 15 times as much. The default is
            enough for about two thousand queries of the usual length.
    """

    def __init__(self, max_bytes: int = 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[bytes, Model] = OrderedDict()

    def find(self, content: bytes) -> Model | None:
        """Return the model that was learnt for these bytes, if it is still known."""
        model = self._entries.get(content)
        if model is not None:
            self._entries.move_to_end(content)
        return model

    def learn(self, content: bytes, model: Model) -> Model:
        """Return the model that stands for these bytes: the first one that was learnt."""
        known = self.find(content)
        if known is not None:
            return known
        if len(content) <= _LONGEST:
            self._entries[content] = model
            self._bytes += len(content) + _OVERHEAD
            while self._bytes > self._max_bytes:
                oldest, _ = self._entries.popitem(last=False)
                self._bytes -= len(oldest) + _OVERHEAD
        return model
