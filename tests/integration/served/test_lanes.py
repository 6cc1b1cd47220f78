"""The shortcut of the ready-made server answers exactly as the route that integrators include.

Two engines on one clock are asked the same in the same order: one behind ``create_app``, the other
behind ``create_router``. Whatever they say must be equal to the byte.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from dependency_injector import providers
from fastapi import FastAPI
from tests.integration.served.conftest import EXECUTE, OpenSite, client_of, select
from tests.unit.conftest import ManualClock

from prismiq import (
    ColumnConfig,
    InMemoryCache,
    PrismiqEngine,
    RequestLoggingMiddleware,
    SchemaConfig,
    TableConfig,
    create_router,
)
from prismiq.entrypoints.container import EngineContainer

_SETUP = """
CREATE TABLE things (id integer PRIMARY KEY, name text, price numeric, at timestamptz, secret text);
INSERT INTO things VALUES
    (1, 'één', 1.50, '2013-01-01 00:00Z', 'SECRET'), (2, 'two 🛫', NULL, NULL, 'SECRET');
CREATE TABLE unexposed (id integer);
CREATE VIEW quotients AS SELECT 10 / (id - 1) AS n FROM things;
CREATE VIEW moments AS SELECT now()::date > '2013-01-01' AS later;
CREATE VIEW wide AS SELECT repeat('x', 100000) AS filling FROM generate_series(1, 30);
CREATE TABLE locked (id integer);
DO $$ BEGIN CREATE ROLE lanes_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON things, unexposed, quotients, moments, wide TO lanes_reader;
"""
MAX_BODY_BYTES = 20_000
_OPTIONS: dict[str, Any] = {
    "exposed_tables": ("things", "quotients", "moments", "wide", "locked"),
    "schema_config": SchemaConfig(
        tables={"things": TableConfig(columns={"secret": ColumnConfig(hidden=True)})}
    ),
    "cache_ttl": 100.0,
    "max_rows": 50,
    "pool_max_size": 4,
}
JSON = "application/json"
THINGS = select("things", "id", "name", "price", "at", order_by=[{"column": "id"}])


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def condition(operator: str, value: Any, column: str = "id") -> dict[str, Any]:
    return {"table_id": "t", "column": column, "operator": operator, "value": value}


GOOD: dict[str, tuple[bytes, dict[str, str]]] = {
    "bare": (body(THINGS), {}),
    "in an envelope": (body({"query": THINGS}), {}),
    "bypass": (body({"query": THINGS, "bypass_cache": True}), {}),
    "no bypass": (body({"query": THINGS, "bypass_cache": False}), {}),
    "no-cache": (body(THINGS), {"Cache-Control": "no-cache"}),
    "no-store": (body(THINGS), {"Cache-Control": "private, no-store"}),
    "max-age": (body(THINGS), {"Cache-Control": "max-age=60"}),
    "white space": (b"\r\n\t " + body(THINGS) + b" \n", {}),
    "charset": (body(THINGS), {"Content-Type": 'Application/JSON; charset="UTF-8"'}),
    "suffix": (body(THINGS), {"Content-Type": "application/vnd.prismiq+json"}),
    "identity": (body(THINGS), {"Content-Encoding": "identity"}),
    "named": (body(THINGS), {"X-Request-ID": "of-the-client.1"}),
    "named badly": (body(THINGS), {"X-Request-ID": "a b"}),
    "traced": (body(THINGS), {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}),
    "nothing found": (body(select("things", "id", filters=[condition("eq", 99)])), {}),
    "cut off": (body({**THINGS, "limit": 1}), {}),
    "any script": (body(select("things", "id", filters=[condition("eq", "één", "name")])), {}),
    "no ASCII": (
        json.dumps(
            select("things", "id", filters=[condition("like", "%🛫", "name")]), ensure_ascii=False
        ).encode(),
        {},
    ),
    "long": (body(select("things", "id", filters=[condition("in_", list(range(3_000)))])), {}),
    "never kept": (body(select("moments", "later")), {}),
    "large": (body(select("wide", "filling")), {}),
}
BAD: dict[str, tuple[bytes, dict[str, str]]] = {
    "empty": (b"", {}),
    "white space only": (b"  ", {}),
    "half": (body(THINGS)[:-5], {}),
    "more follows": (body(THINGS) + b"{}", {}),
    "NaN": (b'{"limit": NaN}', {}),
    "lone surrogate": (b'{"a": "\\ud800"}', {}),
    "byte order mark": (b"\xef\xbb\xbf" + body(THINGS), {}),
    "no UTF-8": (b'{"a": "\xff"}', {}),
    "UTF-16": (json.dumps(THINGS).encode("utf-16"), {}),
    "nested": (b"[" * 5_000, {}),
    "null": (b"null", {}),
    "list": (b"[]", {}),
    "no tables": (b'{"tables": []}', {}),
    "unknown field": (body({**THINGS, "colums": []}), {}),
    "unknown field of the envelope": (body({"query": THINGS, "bypass": True}), {}),
    "wrong types": (body({**THINGS, "limit": "5", "filters": [{"or": [{"colum": 1}]}]}), {}),
    "wrong types in the envelope": (body({"query": {**THINGS, "limit": "5"}}), {}),
    "many faults": (body({**THINGS, "filters": [1] * 100}), {}),
    "too many parts": (body({**THINGS, "filters": [1] * 4_000}), {}),
    "too long": (body(THINGS) + b" " * MAX_BODY_BYTES, {}),
    "unknown table": (body(select("thinks", "id")), {}),
    "not exposed": (body(select("unexposed", "id")), {}),
    "unknown column": (body(select("things", "idd", "nam")), {}),
    "hidden column": (body(select("things", "secret")), {}),
    "limit": (body({**THINGS, "limit": 0}), {}),
    "value": (body(select("things", "id", filters=[condition("eq", "x")])), {}),
    "zero": (body(select("quotients", "n")), {}),
    "no right": (body(select("locked", "id")), {}),
    "text": (body(THINGS), {"Content-Type": "text/plain"}),
    "no type": (body(THINGS), {"Content-Type": ""}),
    "latin-1": (body(THINGS), {"Content-Type": "application/json; charset=latin-1"}),
    "long type": (body(THINGS), {"Content-Type": f"application/json; {';' * 300}"}),
    "gzip": (body(THINGS), {"Content-Encoding": "gzip"}),
}


@dataclass(frozen=True)
class Reply:
    """All that a server is sent by the application."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def reply_of(app: FastAPI, method: str, content: bytes, headers: dict[str, str]) -> Reply:
    sent = {"Content-Type": JSON, "X-Request-ID": "the-same", **headers}
    async with client_of(app) as client:
        response = await client.request(method, EXECUTE, content=content, headers=sent)
    names = response.headers.raw
    # A name that we make up is another one each time.
    made_up = response.headers["x-request-id"] not in (sent["X-Request-ID"], "a" * 32)
    known = response.headers["x-request-id"].encode()
    shown = [(name, b"made up" if made_up and value == known else value) for name, value in names]
    text = response.content.replace(known, b"made up") if made_up else response.content
    return Reply(response.status_code, sorted(shown), text)


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any, dsn_for: Any) -> str:
    await module_connection.execute(_SETUP)
    return str(dsn_for(module_database, "lanes_reader"))


@pytest.fixture
async def shortcut(dsn: str, open_site: OpenSite) -> FastAPI:
    return (await open_site(dsn, max_body_bytes=MAX_BODY_BYTES, **_OPTIONS)).app


@pytest.fixture
async def route(dsn: str, clock: ManualClock) -> AsyncIterator[FastAPI]:
    with EngineContainer.clock.override(providers.Object(clock)):
        engine = PrismiqEngine(dsn, cache=InMemoryCache(), **_OPTIONS)
    app = FastAPI()
    app.include_router(create_router(engine, max_body_bytes=MAX_BODY_BYTES), prefix="/api")
    app.add_middleware(RequestLoggingMiddleware)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(engine)
        yield app


async def test_good_requests_are_answered_alike_by_every_outcome(
    shortcut: FastAPI, route: FastAPI, clock: ManualClock
) -> None:
    outcomes = set()
    for seconds in (0, 7.5, 100):  # computed or shared, kept, computed anew
        clock.advance(seconds)
        for name, (content, headers) in GOOD.items():
            quick = await reply_of(shortcut, "POST", content, headers)
            slow = await reply_of(route, "POST", content, headers)
            assert quick == slow, name
            assert quick.status == 200, (name, quick.body)
            outcomes.add(dict(quick.headers)[b"x-cache"])
    assert outcomes == {b"MISS", b"HIT", b"BYPASS"}


async def test_bad_requests_are_refused_alike(shortcut: FastAPI, route: FastAPI) -> None:
    statuses = set()
    for name, (content, headers) in BAD.items():
        for _ in range(2):
            quick = await reply_of(shortcut, "POST", content, headers)
            slow = await reply_of(route, "POST", content, headers)
            assert quick == slow, name
            assert (b"content-type", b"application/problem+json") in quick.headers, name
            statuses.add(quick.status)
    assert statuses == {400, 413, 415, 422, 500}


async def test_other_methods_are_refused_alike(shortcut: FastAPI, route: FastAPI) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "QUERY"):
        quick = await reply_of(shortcut, method, body(THINGS), {})
        slow = await reply_of(route, method, body(THINGS), {})
        assert quick.status == slow.status == 405, method
        assert (b"allow", b"POST") in quick.headers
        assert dict(quick.headers)[b"x-request-id"] == dict(slow.headers)[b"x-request-id"]
