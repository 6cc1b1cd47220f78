"""How OpenAPI documents describe problems."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from prismiq.adapters.http.problems import PROBLEM_MEDIA_TYPE, Problem

QUERY_PROBLEMS = (400, 413, 415, 422, 500, 503, 504)
"""What may go wrong with a query in the body."""
LOOKUP_PROBLEMS = (404, 422, 500, 503, 504)
"""What may go wrong with a table or column in the path."""
READ_PROBLEMS = (500, 503, 504)

_EXAMPLES: dict[int, tuple[str, str, str | None]] = {
    400: (
        "invalid_query",
        'Table "flights" has no column "carier".',
        'Did you mean "carrier"?',
    ),
    401: (
        "operators_only",
        "This address is for operators: send 'Authorization: Bearer' and their token.",
        None,
    ),
    404: ("table_not_found", 'There is no table "flight". Did you mean "flights"?', None),
    413: ("body_too_large", "The body is too large: at most 1048576 bytes are accepted.", None),
    415: (
        "unsupported_media_type",
        "The body must be JSON in UTF-8: send the header 'Content-Type: application/json'.",
        None,
    ),
    422: ("invalid_request", "'limit' must be a whole number.", None),
    500: (
        "internal_error",
        "Something went wrong on the server. Quote the request id when you report it.",
        None,
    ),
    503: ("database_unavailable", "The database cannot be reached at the moment.", None),
    504: (
        "query_timeout",
        "The query took longer than 30 seconds and was stopped."
        " Narrow the filters or ask for fewer columns.",
        None,
    ),
}
_DESCRIPTIONS = {
    400: "The query does not fit the schema, or its values cannot be computed.",
    401: "The operators' token is missing or wrong.",
    404: "There is no such table or column, or it is not exposed.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
    422: "The request does not have the right form.",
    500: "Something went wrong on the server, and the operator can see what.",
    503: "The database or a connection to it is not available now. `Retry-After` says when to ask.",
    504: "The query took too long and was stopped.",
}


class _ProblemContent(dict[str, Any]):
    """The ``content`` of a documented problem.

    FastAPI files a response's model under the route's own media type; problems have another.
    """

    def setdefault(self, _media_type: str, default: Any = None) -> Any:
        return super().setdefault(PROBLEM_MEDIA_TYPE, default)


def problem_responses(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """Return what ``responses=`` of a route takes."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    code, detail, suggestion = _EXAMPLES[status]
    example: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "6f1a2b3c4d5e6f708192a3b4c5d6e7f8",
    }
    if suggestion:
        example["errors"] = [
            {
                "code": "column_not_found",
                "message": detail,
                "field": "columns[0].column",
                "suggestion": suggestion,
            }
        ]
    return {
        "model": Problem,
        "description": _DESCRIPTIONS[status],
        "content": _ProblemContent({PROBLEM_MEDIA_TYPE: {"example": example}}),
    }
