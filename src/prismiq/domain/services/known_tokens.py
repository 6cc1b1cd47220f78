"""Version tokens that were read, and the readings that are under way."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class KnownToken(NamedTuple):
    """A token and the moment from which on it was read: it was present then or later."""

    value: bytes
    as_of: float
    reading: int


@dataclass(eq=False, slots=True)
class Reading:
    """A call that has asked the shared store for tokens and has not been answered yet."""

    number: int
    names: frozenset[str]
    began_at: float
    outdated: set[str] = field(default_factory=set)
    """Names that changed meanwhile: what it reads of them may be older than the change."""
    is_void: bool = False

    def will_tell(self, names: Collection[str]) -> bool:
        """Return whether what it reads of all these names can be believed."""
        return not self.is_void and self.names.issuperset(names) and self.outdated.isdisjoint(names)


class KnownTokens:
    """What this process knows of the shared store's tokens.

    A token that was heard to have changed is forgotten, and no reading that had begun before
    brings it back.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, KnownToken] = {}
        self._readings: set[Reading] = set()
        self._last_number = 0

    @property
    def last_number(self) -> int:
        """The number of the reading that began last."""
        return self._last_number

    def get(self, name: str) -> KnownToken | None:
        """Return the token, if it is known."""
        return self._tokens.get(name)

    def begin(self, names: Iterable[str], now: float) -> Reading:
        """Note that the store is being asked. ``end`` or ``give_up`` must follow."""
        self._last_number += 1
        reading = Reading(self._last_number, frozenset(names), now)
        self._readings.add(reading)
        return reading

    def under_way(self, names: Collection[str]) -> Reading | None:
        """Return a reading that will tell all the names."""
        return next((each for each in self._readings if each.will_tell(names)), None)

    def give_up(self, reading: Reading) -> None:
        """Note that a reading has failed."""
        self._readings.discard(reading)

    def end(self, reading: Reading, tokens: Mapping[str, str]) -> None:
        """Learn what a reading has told, as far as it can be believed."""
        self._readings.discard(reading)
        if reading.is_void:
            return
        for name in reading.names - reading.outdated:
            known = self._tokens.get(name)
            if known is None or known.reading < reading.number:
                value = tokens[name].encode()
                self._tokens[name] = KnownToken(value, reading.began_at, reading.number)

    def forget(self, names: Collection[str]) -> None:
        """Take the tokens of these names for changed."""
        for name in names:
            self._tokens.pop(name, None)
        for reading in self._readings:
            reading.outdated.update(names)

    def forget_all(self) -> None:
        """Take all tokens for changed."""
        self._tokens.clear()
        self.disbelieve()

    def disbelieve(self) -> None:
        """Learn nothing from the readings under way."""
        for reading in self._readings:
            reading.is_void = True

    def forget_older(self, than: float) -> None:
        """Drop what was read before a moment: nobody has asked for it since."""
        self._tokens = {name: token for name, token in self._tokens.items() if token.as_of >= than}
