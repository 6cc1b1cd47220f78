"""Errors as RFC 9457 problem documents: one table from error to status, one document."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from prismiq.domain.model.errors import (
    ColumnNotFoundError,
    DatabaseUnavailableError,
    EngineNotStartedError,
    PrismiqError,
    QueryExecutionError,
    QueryTimeoutError,
    QueryValidationError,
    SchemaNotLoadedError,
    StoreUnavailableError,
    TableNotFoundError,
    TooManyQueriesError,
)
from prismiq.domain.model.strict_model import Listed, StrictModel
from prismiq.domain.model.validation import FieldProblem

PROBLEM_MEDIA_TYPE = "application/problem+json"
MAX_LISTED = 20
"""How many single problems one document lists."""

_MAX_IN_DETAIL = 3
_STATUS_BY_ERROR: Mapping[type[PrismiqError], int] = {
    QueryValidationError: 400,
    QueryExecutionError: 500,  # 400 where another query could do better
    TableNotFoundError: 404,
    ColumnNotFoundError: 404,
    DatabaseUnavailableError: 503,
    StoreUnavailableError: 503,
    EngineNotStartedError: 503,
    SchemaNotLoadedError: 503,
    QueryTimeoutError: 504,
    TooManyQueriesError: 429,
    PrismiqError: 500,
}


class Problem(StrictModel):
    """What is wrong with a request, or why it could not be answered (RFC 9457)."""

    type: str = Field(default="about:blank", description="Always `about:blank`: see `code`.")
    title: str = Field(description="The name of the HTTP status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="A sentence for people.")
    code: str = Field(description="Stable and machine-readable, such as `invalid_query`.")
    request_id: str = Field(description="Quote it when you ask for help.")
    errors: Listed[FieldProblem] | None = Field(
        default=None, description="Every single problem, where there are several places."
    )


class RequestProblem(HTTPException):
    """A request that is refused before its question is looked at."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldProblem] = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status_code=status, detail=detail, headers=headers)
        self.code = code
        self.errors = errors


def status_of(error: PrismiqError) -> int:
    """Return the HTTP status for an error of the core."""
    if isinstance(error, QueryExecutionError) and error.caused_by_query:
        return 400
    return next(_STATUS_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _STATUS_BY_ERROR)


def respond_to_prismiq_error(error: PrismiqError, request_id: str) -> Response:
    """Return the problem document for an error of the core."""
    headers = {}
    if isinstance(error, DatabaseUnavailableError | TooManyQueriesError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, QueryValidationError):
        detail = summary_of(error.problems)
        return problem_response(400, error.code, detail, request_id, errors=error.problems)
    return problem_response(
        status_of(error), error.code, error.message, request_id, headers=headers
    )


def respond_to_http_exception(error: HTTPException, request_id: str) -> Response:
    """Return the problem document for an exception that carries a status of its own."""
    title = _title_of(error.status_code)
    if isinstance(error, RequestProblem):
        code, errors = error.code, error.errors
    else:
        code, errors = title.lower().replace(" ", "_").replace("'", ""), ()
    detail: object = error.detail  # FastAPI's own exception carries anything
    sentence = detail if isinstance(detail, str) and detail else title
    return problem_response(
        error.status_code, code, sentence, request_id, errors=errors, headers=error.headers
    )


def respond_to_unexpected_error(request_id: str) -> Response:
    """Return a problem document that says nothing about the inside."""
    detail = "Something went wrong on the server. Quote the request id when you report it."
    return problem_response(500, "internal_error", detail, request_id)


def problem_response(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Return the answer that carries a problem document; it lists 20 errors at most.

    ``members`` are those that only problems of this kind have.
    """
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": _title_of(status),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **(members or {}),
    }
    if errors:
        document["errors"] = [error.model_dump() for error in errors[:MAX_LISTED]]
    body = json.dumps(document, ensure_ascii=False).encode()
    return Response(body, status, headers=dict(headers or {}), media_type=PROBLEM_MEDIA_TYPE)


def summary_of(errors: Sequence[FieldProblem]) -> str:
    """Return the first problems as one text, and whether there are more."""
    said = " ".join(sentence_of(error) for error in errors[:_MAX_IN_DETAIL])
    return f"{said} There are more problems." if len(errors) > _MAX_IN_DETAIL else said


def sentence_of(error: FieldProblem) -> str:
    """Return what is wrong and what to do about it."""
    return f"{error.message} {error.suggestion}" if error.suggestion else error.message


def _title_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
