"""The versions that decide now which answers are valid."""

from dataclasses import dataclass, field

from prismiq.domain.model.cached_answer import CacheEntry, Versions


@dataclass(frozen=True, slots=True)
class PresentVersions:
    """The tokens of everything and of some tables, as far as this process knows them.

    Tokens are random and never come back. So an answer which carries these very ones depends on
    nothing that was invalidated since they were read.
    """

    everything: bytes
    tables: Versions
    """Names and tokens, in order."""
    good_until: float
    """On the monotonic clock. After that they have to be confirmed by the shared store."""
    is_shared: bool
    """Whether other processes know the same tokens, so that it makes sense to share answers."""
    lifetime: float
    """Seconds that an answer computed under them may be kept at most."""
    name: str = field(init=False)
    """A text that only the same tokens have."""

    def __post_init__(self) -> None:
        tokens = (self.everything, *(token for _, token in self.tables))
        object.__setattr__(self, "name", b",".join(tokens).decode())

    def validate(self, entry: CacheEntry) -> bool:
        """Return whether the entry was computed under these tokens."""
        return entry.versions == self.tables and entry.epoch == self.everything
