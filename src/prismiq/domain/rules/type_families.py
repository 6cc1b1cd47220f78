"""From PostgreSQL's type names to the families that decide what can be done with a value."""

from prismiq.domain.model.type_family import TypeFamily

_FAMILIES = {
    "smallint": TypeFamily.INTEGER,
    "integer": TypeFamily.INTEGER,
    "bigint": TypeFamily.INTEGER,
    "numeric": TypeFamily.NUMERIC,
    "real": TypeFamily.FLOAT,
    "double precision": TypeFamily.FLOAT,
    "text": TypeFamily.TEXT,
    "character varying": TypeFamily.TEXT,
    "character": TypeFamily.TEXT,
    "name": TypeFamily.TEXT,
    '"char"': TypeFamily.TEXT,
    "boolean": TypeFamily.BOOLEAN,
    "date": TypeFamily.DATE,
    "timestamp without time zone": TypeFamily.TIMESTAMP,
    "timestamp with time zone": TypeFamily.TIMESTAMPTZ,
    "time without time zone": TypeFamily.TIME,
    "time with time zone": TypeFamily.TIMETZ,
    "interval": TypeFamily.INTERVAL,
    "uuid": TypeFamily.UUID,
    "inet": TypeFamily.NETWORK,
    "cidr": TypeFamily.NETWORK,
    "bytea": TypeFamily.BYTEA,
    "json": TypeFamily.JSON,
    "jsonb": TypeFamily.JSONB,
}


def family_of(data_type: str, *, is_enum: bool = False) -> TypeFamily:
    """Return the family of a type named as ``format_type`` prints it.

    ``is_enum`` tells what a name alone cannot. ``citext`` is text in whatever schema its
    extension lives. Types without rules of their own are opaque.
    """
    if is_array(data_type):
        return TypeFamily.ARRAY
    if is_enum:
        return TypeFamily.ENUM
    if data_type.endswith(".citext"):
        return TypeFamily.TEXT
    return _FAMILIES.get(data_type, TypeFamily.OPAQUE)


def is_array(data_type: str) -> bool:
    """Return whether the name is that of an array type. A quoted name ends in its quote."""
    return data_type.endswith("[]")


def array_of(data_type: str) -> str:
    """Return the name of the array type over ``data_type``."""
    return f"{data_type}[]"


def element_of(data_type: str) -> str:
    """Return the element type of an array type. PostgreSQL's types have no dimensions."""
    return data_type.removesuffix("[]")
