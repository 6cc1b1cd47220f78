"""What one case says in the end."""

from dataclasses import dataclass


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
    target: float
    at_least: bool

    @property
    def ratio(self) -> float:
        return self.ours / self.floor

    @property
    def holds(self) -> bool:
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target
