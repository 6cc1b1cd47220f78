"""A query from a file: the same JSON that the HTTP endpoint takes."""

from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from prismiq.adapters.http.bodies import ExecuteBody, ExecuteRequest
from prismiq.adapters.http.field_problems import describe, field_names
from prismiq.adapters.http.problems import MAX_LISTED
from prismiq.domain.model.errors import PrismiqError, QueryValidationError
from prismiq.domain.model.query import QueryDefinition

_BODY: TypeAdapter[Any] = TypeAdapter(ExecuteBody)


class QueryFileError(PrismiqError):
    """The file is not JSON."""

    code = "invalid_json"


def parse_query(text: bytes) -> QueryDefinition:
    """Return the query, bare or in an envelope.

    Raises:
        QueryFileError: this is not JSON in UTF-8.
        QueryValidationError: it has not the form of a query.
    """
    try:
        document = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise QueryFileError(f"The query is not valid JSON: {error}.") from None
    try:
        body = _BODY.validate_python(document)
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        problems = describe(found, field_names(ExecuteBody), MAX_LISTED)
        raise QueryValidationError(problems) from None
    query: QueryDefinition = body.query if isinstance(body, ExecuteRequest) else body
    return query
