"""What can be named like a table."""

from enum import StrEnum


class RelationKind(StrEnum):
    """By PostgreSQL's letters."""

    TABLE = "r"
    PARTITIONED_TABLE = "p"
    VIEW = "v"
    MATERIALIZED_VIEW = "m"
    FOREIGN_TABLE = "f"
