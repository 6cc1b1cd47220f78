"""What a measurement is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.verdict import Row

ROUNDS = 7
"""How often each rival is measured; the median of the ratios of these rounds counts."""


@dataclass(frozen=True)
class Servers:
    """Servers that run for the benchmark alone."""

    dsn: str
    """The demo's database, as the role that can only read it."""
    redis_url: str


class Case(Protocol):
    """Some rivals who are measured in turns."""

    @property
    def what(self) -> str: ...

    async def measure(self, servers: Servers) -> Sequence[Row]:
        """Return the rows of the table."""
