"""Finding one table or column by name, or saying what was probably meant."""

from prismiq.domain.model.errors import ColumnNotFoundError, TableNotFoundError
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.schema_view import ColumnView, SchemaView, TableView
from prismiq.domain.rules.suggestions import closest


def require_table(view: SchemaView, name: str) -> TableView:
    """Return the visible table called ``name`` (``table`` or ``schema.table``).

    Raises:
        TableNotFoundError: there is none.
    """
    table = view.table(name)
    if table is None:
        suggestion = closest(name, view.table_names())
        raise TableNotFoundError(shown(name), suggestion and shown(suggestion))
    return table


def require_column(table: TableView, name: str) -> ColumnView:
    """Return the visible column called ``name``.

    Raises:
        ColumnNotFoundError: there is none.
    """
    column = table.columns.get(name)
    if column is None:
        suggestion = closest(name, table.columns)
        raise ColumnNotFoundError(shown(table.name), shown(name), suggestion and shown(suggestion))
    return column
