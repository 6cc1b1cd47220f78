"""The schema as callers may see it.

Whatever is not in a view does not exist for a query: it cannot be named, and it is never
suggested. Everything that decides on visibility is in this file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, Relationship, TableSchema
from prismiq.domain.model.schema_config import ColumnConfig, SchemaConfig, TableConfig
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.type_families import family_of


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A visible column and the family of its type."""

    schema: ColumnSchema
    family: TypeFamily


@dataclass(frozen=True, slots=True)
class TableView:
    """A visible table with its visible columns by name."""

    name: str
    """Bare in the default schema, ``schema.table`` elsewhere."""
    schema: TableSchema
    columns: dict[str, ColumnView]


class SchemaView:
    """Visible tables by name. It never changes after it was made."""

    def __init__(
        self,
        tables: Sequence[TableSchema],
        relationships: Sequence[Relationship],
        default_schema: str,
    ) -> None:
        self.default_schema = default_schema
        self.schema = DatabaseSchema(tables=tuple(tables), relationships=tuple(relationships))
        views = [_view_of(table, default_schema) for table in tables]
        self._by_name = {view.name: view for view in views}
        self._by_schema = {(view.schema.schema_name, view.schema.name): view for view in views}

    def table(self, name: str, schema_name: str | None = None) -> TableView | None:
        """Return the table called ``name``; a bare name is one of the default schema."""
        if schema_name is not None:
            return self._by_schema.get((schema_name, name))
        return self._by_name.get(name)

    def table_names(self) -> list[str]:
        """Return the names of all tables, sorted."""
        return sorted(self._by_name)


def _view_of(table: TableSchema, default_schema: str) -> TableView:
    columns = {
        column.name: ColumnView(
            column, family_of(column.data_type, is_enum=column.enum_values is not None)
        )
        for column in table.columns
    }
    return TableView(_public_name(table.schema_name, table.name, default_schema), table, columns)


def _public_name(schema_name: str, table_name: str, default_schema: str) -> str:
    return table_name if schema_name == default_schema else f"{schema_name}.{table_name}"


def qualified_name(name: str, default_schema: str) -> tuple[str, str]:
    """Split ``table`` or ``schema.table`` into schema and table."""
    schema_name, dot, table_name = name.partition(".")
    return (schema_name, table_name) if dot else (default_schema, name)


def schemas_to_read(exposed_tables: Iterable[str] | None, default_schema: str) -> tuple[str, ...]:
    """Return the PostgreSQL schemas in which exposed tables live, the default one first."""
    named = {qualified_name(name, default_schema)[0] for name in exposed_tables or ()}
    return (default_schema, *sorted(named - {default_schema}))


def missing_tables(view: SchemaView, exposed_tables: Iterable[str] | None) -> list[str]:
    """Return the exposed names for which the database has no table."""
    return [
        name
        for name in exposed_tables or ()
        if view.table(*reversed(qualified_name(name, view.default_schema))) is None
    ]


def expose(
    schema: DatabaseSchema,
    exposed_tables: Iterable[str] | None = None,
    config: SchemaConfig | None = None,
    default_schema: str = "public",
) -> SchemaView:
    """Return what callers may see of a schema.

    Args:
        schema: as the database has it; relationships name tables as ``schema.table``.
        exposed_tables: ``table`` (of the default schema) or ``schema.table``; None: all.
        config: names for people, and what is hidden.
        default_schema: the schema of tables that are named without one.
    """
    exposed = (
        None
        if exposed_tables is None
        else {qualified_name(name, default_schema) for name in exposed_tables}
    )
    tables = {}
    for table in schema.tables:
        key = (table.schema_name, table.name)
        table_config = _config_of(table, config)
        if table_config.hidden or (exposed is not None and key not in exposed):
            continue
        tables[f"{table.schema_name}.{table.name}"] = _visible_table(table, table_config)
    # The name of a composite key may tell the hidden column, and half a key is none.
    broken = {_key_of(link) for link in schema.relationships if not _is_visible(link, tables)}
    relationships = [
        _renamed(relationship, tables, default_schema)
        for relationship in schema.relationships
        if _key_of(relationship) not in broken
    ]
    return SchemaView(list(tables.values()), relationships, default_schema)


def _config_of(table: TableSchema, config: SchemaConfig | None) -> TableConfig:
    """Return what is said of the table. A bare name is of any schema.

    Were it of the default schema only, a scope with another one would see what is hidden.
    """
    if config is None:
        return TableConfig()
    qualified = config.tables.get(f"{table.schema_name}.{table.name}")
    return qualified or config.tables.get(table.name, TableConfig())


def _visible_table(table: TableSchema, config: TableConfig) -> TableSchema:
    hidden = {name for name, column in config.columns.items() if column.hidden}
    columns = tuple(
        _presented(column if not hidden else _discreet(column), config.columns.get(column.name))
        for column in table.columns
        if column.name not in hidden
    )
    names = {column.name for column in columns}
    return table.model_copy(
        update={
            "columns": columns,
            # A key with a hidden column cannot be joined on, so nothing is lost by leaving it out.
            "unique_keys": tuple(key for key in table.unique_keys if names.issuperset(key)),
            "display_name": config.display_name or table.display_name,
            "description": config.description or table.description,
        }
    )


def _discreet(column: ColumnSchema) -> ColumnSchema:
    """Leave out an expression over other columns, since hidden ones may be among them."""
    is_computed = (column.default_value or "").startswith("GENERATED ALWAYS AS (")
    return column.model_copy(update={"default_value": "GENERATED"}) if is_computed else column


def _presented(column: ColumnSchema, config: ColumnConfig | None) -> ColumnSchema:
    if config is None:
        return column
    return column.model_copy(
        update={
            "display_name": config.display_name or column.display_name,
            "description": config.description or column.description,
            "format": config.format or column.format,
            "date_format": config.date_format or column.date_format,
        }
    )


def _key_of(relationship: Relationship) -> tuple[str, str]:
    """Return what the pairs of one foreign key have in common, and no other key has."""
    return relationship.from_table, relationship.constraint_name or relationship.from_column


def _is_visible(relationship: Relationship, tables: dict[str, TableSchema]) -> bool:
    ends = (
        (relationship.from_table, relationship.from_column),
        (relationship.to_table, relationship.to_column),
    )
    return all(
        table in tables and any(column.name == name for column in tables[table].columns)
        for table, name in ends
    )


def _renamed(
    relationship: Relationship, tables: dict[str, TableSchema], default_schema: str
) -> Relationship:
    names = {
        end: _public_name(tables[name].schema_name, tables[name].name, default_schema)
        for end, name in (
            ("from_table", relationship.from_table),
            ("to_table", relationship.to_table),
        )
    }
    return relationship.model_copy(update=names)
