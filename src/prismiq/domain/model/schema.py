"""What a database offers to queries: tables, columns and how tables relate."""

from prismiq.domain.model.strict_model import Listed, StrictModel


class ColumnSchema(StrictModel):
    """One column of a table or view.

    ``data_type`` is PostgreSQL's own name for the type without its modifier ("integer",
    "timestamp with time zone", "text[]"). A domain is shown as the type it is built on. Types
    outside ``pg_catalog`` carry their schema, quoted where needed ("public.mood").
    """

    name: str
    data_type: str
    is_nullable: bool = True
    is_primary_key: bool = False
    default_value: str | None = None
    display_name: str | None = None
    description: str | None = None
    format: str | None = None
    date_format: str | None = None
    enum_values: Listed[str] | None = None
    """The labels of an enum type in their sort order; None for every other type."""


class TableSchema(StrictModel):
    """One table, view, materialised view or partitioned table."""

    name: str
    schema_name: str = "public"
    columns: Listed[ColumnSchema]
    row_count: int | None = None
    """The planner's estimate, not a count. None where the database has none (views)."""
    display_name: str | None = None
    description: str | None = None
    unique_keys: Listed[Listed[str]] = ()
    """Sets of columns that identify at most one row: primary key, unique constraints."""


class Relationship(StrictModel):
    """One column pair of a foreign key; a composite key gives one of these per pair.

    Table names are bare in the default schema and ``schema.table`` elsewhere.
    """

    from_table: str
    from_column: str
    to_table: str
    to_column: str
    constraint_name: str | None = None
    """Pairs of the same composite key share this name."""


class DatabaseSchema(StrictModel):
    """Everything that queries may name."""

    tables: Listed[TableSchema]
    relationships: Listed[Relationship] = ()
