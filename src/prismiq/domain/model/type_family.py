"""Families of PostgreSQL types that behave alike in queries."""

from enum import StrEnum


class TypeFamily(StrEnum):
    """How values of a type are compared, aggregated, bound and decoded."""

    INTEGER = "integer"
    NUMERIC = "numeric"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    TIME = "time"
    TIMETZ = "timetz"
    INTERVAL = "interval"
    UUID = "uuid"
    NETWORK = "network"
    ENUM = "enum"
    BYTEA = "bytea"
    JSON = "json"
    JSONB = "jsonb"
    ARRAY = "array"
    OPAQUE = "opaque"
    """A type without rules of its own: it can be selected, counted and tested for null."""
