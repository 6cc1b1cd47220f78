"""Bodies that were read before."""

from collections import OrderedDict
from typing import Generic, TypeVar

Model = TypeVar("Model")

_LONGEST = 8 * 1024


class KnownBodies(Generic[Model]):
    """Validated models by the exact bytes they were read from. Not for several threads.

    Equal bytes give the very same model, which is frozen, and neither parsing nor validation has
    to be done twice. Long bodies are not kept.

    Args:
        max_entries: how many are kept; the one that was used longest ago leaves first.
    """

    def __init__(self, max_entries: int = 256) -> None:
        self._max_entries = max_entries
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
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return model
