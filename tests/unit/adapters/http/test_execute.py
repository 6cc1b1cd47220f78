"""``POST /query/execute``, by its route and by the shortcut: the same in every respect."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    QueryExecutionError,
    QueryTimeoutError,
)
from prismiq.domain.model.result import RowBatch
from prismiq.domain.model.scope import Scope

OpenClient = Callable[..., httpx.AsyncClient]
JSON = {"Content-Type": "application/json"}
QUERY = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [{"table_id": "f", "column": "carrier"}],
}


@pytest.fixture
def client(connect_to_execute: OpenClient) -> httpx.AsyncClient:
    return connect_to_execute()


async def post(client: httpx.AsyncClient, content: Any, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/query/execute", content=content, headers=sent or JSON)


def problem(response: httpx.Response, status: int, code: str) -> Any:
    document = response.json()
    assert (response.status_code, document["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == document["request_id"]
    return document


@pytest.mark.parametrize("body", [QUERY, {"query": QUERY}, {"query": QUERY, "bypass_cache": True}])
async def test_a_query_is_answered_bare_or_in_an_envelope(
    client: httpx.AsyncClient, body: Any
) -> None:
    response = await client.post("/query/execute", json=body)
    assert response.status_code == 200
    assert response.json() == {
        "columns": ["carrier"],
        "column_types": ["text"],
        "rows": [["UA"], ["AA"]],
        "row_count": 2,
        "truncated": False,
        "execution_time_ms": 250.0,
        "cached_at": None,
        "is_from_cache": False,
    }
    assert response.headers["content-type"] == "application/json"
    assert len(response.headers["x-request-id"]) == 32


async def test_equal_bodies_are_planned_once(client: httpx.AsyncClient, compiler: Any) -> None:
    for body in (QUERY, {"query": QUERY}, QUERY, {"query": QUERY}):
        response = await client.post(
            "/query/execute", json=body, headers={"Cache-Control": "no-cache"}
        )
        assert response.json()["row_count"] == 2
    assert len(compiler.plans) == 2


async def test_a_kept_answer_is_sent_as_it_is_and_says_so(
    client: httpx.AsyncClient, runner: Any, clock: Any
) -> None:
    first = await client.post("/query/execute", json=QUERY)
    assert first.headers["x-cache"] == "MISS"
    assert "age" not in first.headers
    assert first.headers["server-timing"] == "cache;desc=MISS;dur=250.00, db;dur=250.00"
    clock.advance(7.5)
    second = await client.post("/query/execute", json=QUERY)
    assert second.headers["x-cache"] == "HIT"
    assert second.headers["age"] == "7"
    assert second.headers["server-timing"] == "cache;desc=HIT;dur=0.00"
    assert second.headers["content-type"] == "application/json"
    assert second.json() == {
        **first.json(),
        "cached_at": clock.now().timestamp() - 7.75,
        "is_from_cache": True,
    }
    assert len(runner.calls) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"query": QUERY, "bypass_cache": True}, {}),
        (QUERY, {"Cache-Control": "no-cache"}),
        (QUERY, {"Cache-Control": "max-age=0, No-Cache"}),
        (QUERY, {"Cache-Control": "no-store"}),
    ],
)
async def test_a_bypass_reads_fresh_and_refills(
    client: httpx.AsyncClient, runner: Any, body: Any, headers: dict[str, str]
) -> None:
    await client.post("/query/execute", json=QUERY)
    runner.batch = RowBatch(b'[["B6"]]', 1, truncated=False)
    bypassed = await client.post("/query/execute", json=body, headers=headers)
    assert (bypassed.headers["x-cache"], bypassed.json()["rows"]) == ("BYPASS", [["B6"]])
    assert bypassed.json()["is_from_cache"] is False
    after = await client.post("/query/execute", json=QUERY)
    assert (after.headers["x-cache"], after.json()["rows"]) == ("HIT", [["B6"]])
    assert len(runner.calls) == 2


async def test_a_kept_answer_stands_in_for_a_database_that_is_away(
    client: httpx.AsyncClient, runner: Any, clock: Any
) -> None:
    await client.post("/query/execute", json=QUERY)
    clock.advance(400)
    runner.error = DatabaseUnavailableError()
    stale = await client.post("/query/execute", json=QUERY)
    assert (stale.status_code, stale.headers["x-cache"]) == (200, "STALE")
    assert stale.headers["age"] == "400"
    assert stale.json()["is_from_cache"] is True
    clock.advance(3600)
    problem(await client.post("/query/execute", json=QUERY), 503, "database_unavailable")


async def test_what_differs_in_type_alone_is_not_equal(
    client: httpx.AsyncClient, compiler: Any
) -> None:
    condition = {"table_id": "f", "column": "id", "operator": "eq"}
    for value, status in ((1, 200), (1.5, 400), (True, 400), ("1", 200), (1, 200)):
        body = {**QUERY, "filters": [{**condition, "value": value}]}
        response = await client.post("/query/execute", json=body)
        assert response.status_code == status, response.text
    assert len(compiler.plans) == 2


async def test_the_client_may_name_the_request(client: httpx.AsyncClient) -> None:
    response = await post(
        client, json.dumps(QUERY), Content_Type=JSON["Content-Type"], X_Request_ID="a-1"
    )
    assert response.headers.get_list("x-request-id") == ["a-1"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/vnd.prismiq+json",
    ],
)
async def test_json_has_many_names(client: httpx.AsyncClient, content_type: str) -> None:
    response = await post(client, json.dumps(QUERY), Content_Type=content_type)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/xml"},
        {"Content-Type": ""},
        {"Accept": "application/json"},
    ],
)
async def test_anything_else_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await client.post("/query/execute", content=json.dumps(QUERY), headers=headers)
    document = problem(response, 415, "unsupported_media_type")
    assert "'Content-Type: application/json'" in document["detail"]


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    response = await post(
        client, b"\x1f\x8b", Content_Type="application/json", Content_Encoding="gzip"
    )
    problem(response, 415, "unsupported_encoding")


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        (b"", "invalid_json", "The body is empty."),
        (
            b"{",
            "invalid_json",
            "The body is not valid JSON: EOF while parsing an object at line 1 column 1.",
        ),
        (
            b'{"limit": NaN}',
            "invalid_json",
            "The body is not valid JSON: expected value at line 1 column 11.",
        ),
        (b'{"a": "\\ud800"}', "invalid_json", None),
        (
            b"[" * 5_000,
            "invalid_json",
            "The body is not valid JSON: recursion limit exceeded at line 1 column 202.",
        ),
        (b"\xef\xbb\xbf{}", "invalid_json", None),
        (b'{"a": "\xff"}', "invalid_encoding", "The body is not valid UTF-8: look at byte 7."),
        (
            json.dumps(QUERY).encode("utf-16"),
            "invalid_encoding",
            "The body is not valid UTF-8: look at byte 0.",
        ),
        (b"null", "invalid_request", None),
        (b"[]", "invalid_request", "The body must be an object."),
        (b'{"tables": []}', "invalid_request", "'tables' needs at least 1 item."),
    ],
)
async def test_what_is_no_query_is_refused(
    client: httpx.AsyncClient, body: bytes, code: str, detail: str | None
) -> None:
    document = problem(await post(client, body), 422, code)
    if detail is not None:
        assert document["detail"] == detail


async def test_single_faults_of_form_have_their_place(client: httpx.AsyncClient) -> None:
    body = {**QUERY, "limit": "5", "filters": [{"or": [{"colum": "x"}]}]}
    document = problem(await post(client, json.dumps({"query": body})), 422, "invalid_request")
    assert document["detail"] == (
        "'filters[0].or[0].table_id' is required. 'filters[0].or[0].column' is required."
        " 'filters[0].or[0].operator' is required. There are more problems."
    )
    assert document["errors"][3] == {
        "code": "unknown_field",
        "message": "'filters[0].or[0].colum' is not a known field.",
        "field": "filters[0].or[0].colum",
        "suggestion": 'Did you mean "column"?',
    }


async def test_the_list_of_faults_is_bounded(client: httpx.AsyncClient) -> None:
    document = problem(
        await post(client, json.dumps({**QUERY, "filters": [1] * 1_000})), 422, "invalid_request"
    )
    assert len(document["errors"]) == 20
    assert document["detail"].endswith("There are more problems.")


@pytest.mark.parametrize(
    "parts",
    [
        b'"filters":[' + b"1," * 200_000 + b"1]",
        b'"filters":[' + b"{}," * 200_000 + b"{}]",
        b'"filters":[' + b'{"or":[{},{},{}]},' * 20_000 + b"{}]",
        b",".join(b'"%d":1' % number for number in range(50_000)),
    ],
    ids=["numbers", "objects", "groups", "fields"],
)
async def test_a_body_of_nothing_but_faults_is_not_examined(
    connect_to_execute: OpenClient, parts: bytes
) -> None:
    client = connect_to_execute(max_body_bytes=1024 * 1024)
    body = b'{"tables":[{"id":"f","name":"flights"}],' + parts + b"}"
    document = problem(await post(client, body), 422, "too_many_parts")
    assert document["detail"] == "The body has more than 3000 fields and list members."


async def test_values_to_compare_with_are_no_parts(connect_to_execute: OpenClient) -> None:
    client = connect_to_execute(max_body_bytes=1024 * 1024)
    many = {"table_id": "f", "column": "id", "operator": "in_", "value": list(range(9_000))}
    assert (await post(client, json.dumps({**QUERY, "filters": [many]}))).status_code == 200


async def test_a_query_that_does_not_fit_names_all_faults(client: httpx.AsyncClient) -> None:
    body = {**QUERY, "columns": [{"table_id": "f", "column": "carier"}], "limit": 0}
    document = problem(await post(client, json.dumps(body)), 400, "invalid_query")
    assert [(error["field"], error["code"]) for error in document["errors"]] == [
        ("limit", "limit_out_of_range"),
        ("columns[0].column", "column_not_found"),
    ]
    assert 'Did you mean "carrier"?' in document["detail"]


async def test_a_body_of_announced_size_is_refused_unread(
    connect_to_execute: OpenClient,
) -> None:
    client = connect_to_execute(max_body_bytes=100)

    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        chunks += 1
        yield b" " * 101

    response = await post(client, body(), Content_Type="application/json", Content_Length="101")
    problem(response, 413, "body_too_large")
    assert chunks == 0


async def test_a_body_of_unknown_size_is_read_no_further_than_allowed(
    connect_to_execute: OpenClient,
) -> None:
    client = connect_to_execute(max_body_bytes=100)
    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        for _ in range(1_000):
            chunks += 1
            yield b" " * 40

    document = problem(
        await post(client, body(), Content_Type="application/json"), 413, "body_too_large"
    )
    assert document["detail"] == "The body is too large: at most 100 bytes are accepted."
    assert chunks <= 4


async def test_a_body_of_exactly_the_allowed_size_is_read(connect_to_execute: OpenClient) -> None:
    content = json.dumps(QUERY)
    client = connect_to_execute(max_body_bytes=len(content))
    assert (await post(client, content)).status_code == 200
    client = connect_to_execute(max_body_bytes=len(content) - 1)
    assert (await post(client, content)).status_code == 413


async def test_errors_of_the_database_are_told_apart(
    client: httpx.AsyncClient, runner: Any
) -> None:
    runner.error = QueryTimeoutError(30)
    problem(await post(client, json.dumps(QUERY)), 504, "query_timeout")
    runner.error = DatabaseUnavailableError()
    response = await post(client, json.dumps(QUERY))
    problem(response, 503, "database_unavailable")
    assert response.headers["retry-after"] == "5"
    runner.error = QueryExecutionError("No zero.", code="division_by_zero", caused_by_query=True)
    problem(await post(client, json.dumps(QUERY)), 400, "division_by_zero")


async def test_what_the_operator_must_mend_is_logged(
    client: httpx.AsyncClient, runner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    runner.error = QueryExecutionError("No.", code="permission_denied", caused_by_query=False)
    with caplog.at_level(logging.ERROR, logger="prismiq.http"):
        document = problem(await post(client, json.dumps(QUERY)), 500, "permission_denied")
    assert document["request_id"] in caplog.text


async def test_the_unexpected_is_logged_and_not_shown(
    client: httpx.AsyncClient, runner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    runner.error = RuntimeError("password=S3CRET SELECT 1")
    with caplog.at_level(logging.ERROR, logger="prismiq.http"):
        response = await post(client, json.dumps(QUERY))
    document = problem(response, 500, "internal_error")
    assert "S3CRET" not in response.text
    assert document["request_id"] in caplog.text
    assert "S3CRET" in caplog.text


async def test_the_scope_is_the_integrators(connect_to_execute: OpenClient, runner: Any) -> None:
    async def by_header(request: Request) -> Scope:
        return Scope(tenant=request.headers["x-tenant"], claims={"user": "ann"})

    client = connect_to_execute(scope_of=by_header)
    for tenant in ("acme", "globex"):
        await post(client, json.dumps(QUERY), Content_Type="application/json", X_Tenant=tenant)
    assert [scope.tenant for _, scope, _ in runner.calls] == ["acme", "globex"]


async def test_no_header_is_believed_by_default(client: httpx.AsyncClient, runner: Any) -> None:
    await post(
        client, json.dumps(QUERY), Content_Type="application/json", X_Tenant="x", X_Schema="y"
    )
    assert runner.calls[0][1] == Scope()


async def test_who_has_no_scope_is_refused_with_the_integrators_status(
    connect_to_execute: OpenClient, runner: Any
) -> None:
    def refuse(_request: Request) -> Scope:
        raise HTTPException(401, "Log in first.", {"WWW-Authenticate": "Bearer"})

    response = await post(connect_to_execute(scope_of=refuse), json.dumps(QUERY))
    document = problem(response, 401, "unauthorized")
    assert document["detail"] == "Log in first."
    assert response.headers["www-authenticate"] == "Bearer"
    assert runner.calls == []


@pytest.mark.parametrize("nonsense", [None, "acme", {"tenant": "acme"}])
async def test_a_scope_function_must_return_a_scope(
    connect_to_execute: OpenClient, runner: Any, nonsense: Any, caplog: pytest.LogCaptureFixture
) -> None:
    response = await post(connect_to_execute(scope_of=lambda _: nonsense), json.dumps(QUERY))
    problem(response, 500, "internal_error")
    assert f"the scope function returned {type(nonsense).__name__}, not a Scope" in caplog.text
    assert runner.calls == []


async def test_other_methods_and_paths_go_their_ordinary_way(client: httpx.AsyncClient) -> None:
    assert (await client.get("/query/execute")).status_code == 405
    assert (await client.post("/query/execute/", json=QUERY)).status_code == 307
    assert (await client.get("/tables")).json() == ["airlines", "flights"]


@pytest.mark.parametrize("padding", ['x="' + ";" * 64_000, ";" * 300])
async def test_a_content_type_that_is_slow_to_parse_is_refused(
    client: httpx.AsyncClient, padding: str
) -> None:
    headers = {"Content-Type": f"application/json; {padding}"}
    response = await client.post("/query/execute", content=json.dumps(QUERY), headers=headers)
    problem(response, 415, "unsupported_media_type")
