"""What clients send and get, where it is not a model of the core."""

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Field, Tag

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import QueryResult
from prismiq.domain.model.strict_model import Listed, StrictModel

ENVELOPE = "(envelope)"


class ExecuteRequest(StrictModel):
    """A query with wishes about how it is answered."""

    query: QueryDefinition
    bypass_cache: bool = Field(
        default=False, description="Whether the answer must come from the database itself."
    )


def _kind_of_body(body: Any) -> str:
    """Name the form by its key, so that problems speak of one form and not of both."""
    return ENVELOPE if isinstance(body, dict) and "query" in body else "(query)"


ExecuteBody: TypeAlias = Annotated[
    Annotated[ExecuteRequest, Tag(ENVELOPE)] | Annotated[QueryDefinition, Tag("(query)")],
    Discriminator(_kind_of_body),
]


class QueryAnswer(QueryResult):
    r"""The answer to a query.

    Numbers keep every digit. Dates, timestamps and intervals are ISO 8601, bytea is hex with a
    leading `\x`; NaN and infinities are the strings "NaN", "Infinity" and "-Infinity".
    """

    cached_at: float | None = Field(description="Unix seconds; null when it is not from a cache.")
    is_from_cache: bool


class ValidationAnswer(StrictModel):
    """Whether a query is valid, in sentences."""

    valid: bool
    errors: Listed[str]
