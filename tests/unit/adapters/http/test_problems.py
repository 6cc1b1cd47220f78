"""One table from error to status, one form of answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from prismiq.adapters.http.problems import (
    Problem,
    RequestProblem,
    respond_to_http_exception,
    respond_to_prismiq_error,
    respond_to_unexpected_error,
)
from prismiq.domain.model.errors import (
    ColumnNotFoundError,
    ConfigurationError,
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
    PrismiqError,
    QueryExecutionError,
    QueryTimeoutError,
    QueryValidationError,
    SchemaChangedError,
    SchemaNotLoadedError,
    StoreUnavailableError,
    TableNotFoundError,
    TooManyQueriesError,
)
from prismiq.domain.model.validation import FieldProblem

CASES: list[tuple[PrismiqError, int, str]] = [
    (QueryValidationError([FieldProblem(code="a", message="No.")]), 400, "invalid_query"),
    (
        QueryExecutionError("No.", code="division_by_zero", caused_by_query=True),
        400,
        "division_by_zero",
    ),
    (
        QueryExecutionError("No.", code="permission_denied", caused_by_query=False),
        500,
        "permission_denied",
    ),
    (TableNotFoundError('"x"'), 404, "table_not_found"),
    (ColumnNotFoundError('"x"', '"y"'), 404, "column_not_found"),
    (DatabaseUnavailableError(), 503, "database_unavailable"),
    (PoolExhaustedError(), 503, "pool_exhausted"),
    (SchemaChangedError(), 503, "schema_changed"),
    (StoreUnavailableError(), 503, "store_unavailable"),
    (EngineNotStartedError(), 503, "engine_not_started"),
    (SchemaNotLoadedError(), 503, "schema_not_loaded"),
    (QueryTimeoutError(30.0), 504, "query_timeout"),
    (TooManyQueriesError(2), 429, "too_many_queries"),
    (ConfigurationError("No."), 500, "configuration_error"),
]


def document_of(response: Response) -> Any:
    assert response.media_type == "application/problem+json"
    document = json.loads(bytes(response.body))
    Problem.model_validate(document)
    assert document["status"] == response.status_code
    return document


@pytest.mark.parametrize(("error", "status", "code"), CASES, ids=str)
def test_every_error_has_its_status_and_code(error: PrismiqError, status: int, code: str) -> None:
    document = document_of(respond_to_prismiq_error(error, "abc"))
    assert (document["status"], document["code"]) == (status, code)
    assert document["detail"] == error.message
    assert document["request_id"] == "abc"


def test_no_error_is_forgotten() -> None:
    def descendants(kind: type[PrismiqError]) -> Iterator[type[PrismiqError]]:
        for child in kind.__subclasses__():
            yield child
            yield from descendants(child)

    all_errors = {
        error
        for error in descendants(PrismiqError)
        if not error.__module__.startswith("prismiq.entrypoints.cli.")  # no request meets those
    }
    assert {type(error) for error, _, _ in CASES} == all_errors


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (DatabaseUnavailableError(), "5"),
        (PoolExhaustedError(), "1"),
        (SchemaChangedError(), "1"),
        (TooManyQueriesError(2), "1"),
    ],
)
def test_unavailable_says_when_to_ask_again(error: PrismiqError, seconds: str) -> None:
    assert respond_to_prismiq_error(error, "abc").headers["retry-after"] == seconds


def test_a_detail_names_the_first_problems_with_their_suggestions() -> None:
    problems = [
        FieldProblem(
            code="a", message=f"Number {n} is wrong.", field=f"f[{n}]", suggestion="Mend it."
        )
        for n in range(30)
    ]
    document = document_of(respond_to_prismiq_error(QueryValidationError(problems), "abc"))
    assert document["detail"] == (
        "Number 0 is wrong. Mend it. Number 1 is wrong. Mend it. Number 2 is wrong. Mend it."
        " There are more problems."
    )
    assert len(document["errors"]) == 20
    assert document["errors"][0] == {
        "code": "a",
        "message": "Number 0 is wrong.",
        "field": "f[0]",
        "suggestion": "Mend it.",
    }


def test_an_http_exception_keeps_status_sentence_and_headers() -> None:
    error = HTTPException(401, "Log in first.", {"WWW-Authenticate": "Bearer"})
    response = respond_to_http_exception(error, "abc")
    document = document_of(response)
    assert (document["status"], document["code"]) == (401, "unauthorized")
    assert document["detail"] == "Log in first."
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("status", "title", "code"),
    [
        (404, "Not Found", "not_found"),
        (418, "I'm a Teapot", "im_a_teapot"),
        (599, "Error", "error"),
    ],
)
def test_the_code_of_an_http_exception_is_the_name_of_its_status(
    status: int, title: str, code: str
) -> None:
    document = document_of(respond_to_http_exception(HTTPException(status), "abc"))
    assert (document["title"], document["code"]) == (title, code)


def test_a_detail_that_is_no_sentence_is_not_shown() -> None:
    error = HTTPException(403)
    error.detail = {"secret": 1}  # type: ignore[assignment] # FastAPI's own class allows it
    assert document_of(respond_to_http_exception(error, "abc"))["detail"] == "Forbidden"


def test_a_request_problem_has_a_code_of_its_own() -> None:
    error = RequestProblem(413, "body_too_large", "Too large.")
    assert document_of(respond_to_http_exception(error, "abc"))["code"] == "body_too_large"


def test_an_unexpected_error_shows_nothing_but_the_request_id() -> None:
    document = document_of(respond_to_unexpected_error("abc"))
    assert document == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong on the server. Quote the request id when you report it.",
        "code": "internal_error",
        "request_id": "abc",
    }
