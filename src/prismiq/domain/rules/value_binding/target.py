"""What a value is bound to."""

from dataclasses import dataclass

from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily


@dataclass(frozen=True, slots=True)
class Target:
    """The type of the other side of a comparison, and what the reading of values depends on."""

    data_type: str
    family: TypeFamily
    enum_values: tuple[str, ...] | None
    timezone: str
    limits: QueryLimits
