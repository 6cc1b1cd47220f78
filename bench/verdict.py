"""What one case says in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol, Self

Found = float | bool
"""A number, or whether something was seen to happen."""


class Row(Protocol):
    """A line of the table."""

    @property
    def what(self) -> str: ...
    @property
    def floor_name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def ours(self) -> Found: ...
    @property
    def floor(self) -> Found | None: ...
    @property
    def ratio(self) -> float | None: ...
    @property
    def wanted(self) -> str: ...
    @property
    def holds(self) -> bool | None:
        """None: there is no target, the row informs."""
        ...


@dataclass(frozen=True)
class Verdict:
    """Our median beside the floor's, in the same unit, and how they must relate.

    ``ratio`` is ours divided by the floor's. ``at_least`` says whether the target is a lower
    bound (requests per second) or an upper one (times).
    """

    what: str
    floor_name: str
    unit: str
    ours: float
    floor: float
    target: float | None
    """None: the row informs."""
    at_least: bool
    of_rounds: float | None = None
    """The median of the ratios of all rounds, where each round has one."""

    @classmethod
    def of(
        cls,
        what: str,
        *,
        floor_name: str,
        unit: str,
        ours: Sequence[float],
        floor: Sequence[float],
        target: float | None,
        at_least: bool = True,
    ) -> Self:
        """Return the verdict on rounds in which both took turns: a noisy one spoils one ratio."""
        return cls(
            what=what,
            floor_name=floor_name,
            unit=unit,
            ours=median(ours),
            floor=median(floor),
            target=target,
            at_least=at_least,
            of_rounds=median(a / b for a, b in zip(ours, floor, strict=True)),
        )

    @property
    def ratio(self) -> float:
        return self.ours / self.floor if self.of_rounds is None else self.of_rounds

    @property
    def wanted(self) -> str:
        return "" if self.target is None else f"{_bound(at_least=self.at_least)} {self.target:.3g}"

    @property
    def holds(self) -> bool | None:
        if self.target is None:
            return None
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


@dataclass(frozen=True)
class Observation:
    """Something that was counted, or that was seen to happen or not: it is judged by itself.

    ``target`` is a bound of a number, or what must be seen; None: the row informs. ``floor`` is
    what a peer did, or how the count was in another situation.
    """

    what: str
    unit: str
    ours: Found
    target: Found | None
    at_least: bool = False
    floor_name: str = ""
    floor: Found | None = None

    @property
    def ratio(self) -> None:
        return None

    @property
    def wanted(self) -> str:
        if self.target is None:
            return ""
        if isinstance(self.target, bool):
            return "yes" if self.target else "no"
        return f"{_bound(at_least=self.at_least)} {self.target:g}"

    @property
    def holds(self) -> bool | None:
        if self.target is None:
            return None
        if isinstance(self.target, bool):
            return self.ours is self.target
        return self.ours >= self.target if self.at_least else self.ours <= self.target


def _bound(*, at_least: bool) -> str:
    return "≥" if at_least else "≤"
