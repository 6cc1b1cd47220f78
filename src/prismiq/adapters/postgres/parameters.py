"""Values in SQL: always parameters, always with a cast."""

from typing import Any

from prismiq.domain.model.plan import Constant

_DRIVER_CASTS = {
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "numeric": "numeric",
    "real": "real",
    "double precision": "double precision",
    "text": "text",
    "character varying": "text",
    "character": "bpchar",  # a plain "character" would mean character(1) and cut the value
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp without time zone",
    "timestamp with time zone": "timestamp with time zone",
    "uuid": "uuid",
    "bytea": "bytea",
}
_DRIVER_CASTS |= {f"{name}[]": f"{cast}[]" for name, cast in _DRIVER_CASTS.items()}
"""How to cast the types that the driver encodes without asking the catalog about them."""


class Parameters:
    """The parameters of one statement, in the order of their numbers.

    Types that the driver does not know are sent as text and cast on the server, so that the
    driver never has to look a type up. A type's name is catalog text and is already quoted.
    """

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._texts: dict[str, str] = {}

    @property
    def values(self) -> tuple[Any, ...]:
        """The values so far: the first belongs to ``$1``."""
        return tuple(self._values)

    def bind(self, constant: Constant) -> str:
        """Add a value of the plan and return the expression that stands for it."""
        value, data_type = constant.value, constant.data_type
        cast = _DRIVER_CASTS.get(data_type)
        if cast is not None:
            return f"CAST({self._add(value)} AS {cast})"
        if isinstance(value, tuple):
            number = self._add(tuple(str(member) for member in value))
            return f"CAST(CAST({number} AS text[]) AS {data_type})"
        return f"CAST(CAST({self._add(str(value))} AS text) AS {data_type})"

    def bind_text(self, value: str) -> str:
        """Add a text, or find it again.

        Equal texts share a number: PostgreSQL then sees that an expression in GROUP BY is the
        one in SELECT.
        """
        if value not in self._texts:
            self._texts[value] = f"CAST({self._add(value)} AS text)"
        return self._texts[value]

    def bind_count(self, value: int) -> str:
        """Add a number of rows."""
        return f"CAST({self._add(value)} AS bigint)"

    def bind_fraction(self, value: float) -> str:
        """Add a number between 0 and 1."""
        return f"CAST({self._add(value)} AS double precision)"

    def _add(self, value: Any) -> str:
        self._values.append(value)
        return f"${len(self._values)}"
