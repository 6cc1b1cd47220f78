"""What an operator says about tables and columns: names for people, and what is hidden."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from prismiq.domain.model.strict_model import StrictModel


class ColumnConfig(StrictModel):
    """Presentation of one column. A hidden column does not exist for any caller."""

    display_name: str | None = None
    description: str | None = None
    hidden: bool = False
    format: str | None = None
    date_format: str | None = None


class TableConfig(StrictModel):
    """Presentation of one table. A hidden table does not exist for any caller."""

    display_name: str | None = None
    description: str | None = None
    hidden: bool = False
    columns: Annotated[Mapping[str, ColumnConfig], Field(strict=False)] = {}


class SchemaConfig(StrictModel):
    """Presentation by table name.

    A bare name is of tables in every schema, since scopes differ in their default one;
    ``schema.table`` is of that table alone and goes before the bare name.
    """

    tables: Annotated[Mapping[str, TableConfig], Field(strict=False)] = {}
