"""How large a query may be."""

from typing import Annotated

from pydantic import Field

from prismiq.domain.model.strict_model import StrictModel

Positive = Annotated[int, Field(ge=1)]


class QueryLimits(StrictModel):
    """Upper bounds on one query. A query beyond one of them is refused, ``max_rows`` cuts."""

    max_rows: Positive = 10_000
    """Rows in one answer. A larger ``limit`` is cut to this and the answer says ``truncated``."""
    max_joins: Positive = 10
    max_columns: Annotated[int, Field(ge=1, le=100)] = 100
    """Columns in one answer. PostgreSQL functions take 100 arguments, and rows are built by one."""
    max_filters: Positive = 100
    """Conditions in ``filters`` and ``having`` together, groups not counted."""
    max_filter_depth: Positive = 10
    max_list_length: Positive = 10_000
    max_listed_values: Positive = 20_000
    """In all lists of a query together. Reading an address or a number takes some 10 µs."""
    max_sorts: Positive = 20
    max_offset: Positive = 1_000_000
    max_text_length: Positive = 10_000
    """Characters in one filter value."""
    max_buckets: Positive = 10_000
    """Time buckets that gap filling may add."""
