"""What a value is bound to."""

from dataclasses import dataclass
from functools import cached_property

from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily


@dataclass(frozen=True)
class Target:
    """The type of the other side of a comparison, and what the reading of values depends on."""

    data_type: str
    family: TypeFamily
    enum_values: tuple[str, ...] | None
    timezone: str
    limits: QueryLimits

    @cached_property
    def labels(self) -> frozenset[str]:
        """The labels of an enum: a list of values asks for each whether it is one."""
        return frozenset(self.enum_values or ())
