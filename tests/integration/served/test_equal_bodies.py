"""The same bytes again cost no parse, and mean what they mean for whoever sends them."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from types import FrameType
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from tests.integration.served.conftest import OpenSite, Site, client_of, select

from prismiq import InMemoryCache, PrismiqEngine, Scope, create_router

_PARSERS = {"from_json", "validate_python", "validate_json", "validate_strings", "loads"}
_SETUP = """
CREATE TABLE things AS SELECT generate_series(1, 9) AS n;
CREATE TABLE accounts (tenant text, owner text);
INSERT INTO accounts VALUES ('acme', 'ann'), ('globex', 'cat');
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON accounts USING (tenant = current_setting('prismiq.tenant', true));
DO $$ BEGIN CREATE ROLE bodies_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON things, accounts TO bodies_reader
"""
THINGS = select("things", "n", order_by=[{"column": "n"}], limit=3)
BODY = json.dumps(THINGS).encode()
ROWS = [[1], [2], [3]]


@contextmanager
def parses() -> Iterator[Counter[str]]:
    """Count calls of whatever reads JSON or validates models, in Python or below it."""
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, called: Any) -> None:
        name = None
        if event == "c_call":
            name = getattr(called, "__name__", None)
        elif event == "call":
            name = frame.f_code.co_name
        if name in _PARSERS:
            found[name] += 1

    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any, dsn_for: Any) -> str:
    await module_connection.execute(_SETUP)
    return str(dsn_for(module_database, "bodies_reader"))


@pytest.fixture
async def site(dsn: str, open_site: OpenSite) -> Site:
    return await open_site(dsn)


async def test_bytes_that_were_read_before_are_not_parsed_again(site: Site) -> None:
    with parses() as first:
        answer = await site.ask(BODY)
    assert (answer.headers["x-cache"], answer.json()["rows"]) == ("MISS", ROWS)
    assert first.total() > 0
    for _ in range(3):
        with parses() as again:
            answer = await site.ask(BODY)
        assert (answer.headers["x-cache"], answer.json()["rows"]) == ("HIT", ROWS)
        assert again.total() == 0


async def test_an_envelope_that_was_read_before_is_not_parsed_again(site: Site) -> None:
    enveloped = json.dumps({"query": THINGS, "bypass_cache": True}).encode()
    await site.ask(enveloped)
    with parses() as again:
        answer = await site.ask(enveloped)
    assert (answer.headers["x-cache"], answer.json()["rows"]) == ("BYPASS", ROWS)
    assert again.total() == 0


@pytest.mark.parametrize(
    ("body", "outcome", "rows"),
    [
        (BODY + b" ", "HIT", ROWS),  # the same question in other bytes
        (BODY.replace(b'"limit": 3', b'"limit": 2'), "MISS", ROWS[:2]),
        (BODY.replace(b'"id": "t"', b'"id": "u"').replace(b'_id": "t"', b'_id": "u"'), "HIT", ROWS),
    ],
    ids=["space", "limit", "label"],
)
async def test_a_body_that_differs_in_a_byte_is_parsed(
    site: Site, body: bytes, outcome: str, rows: Any
) -> None:
    await site.ask(BODY)
    with parses() as found:
        answer = await site.ask(body)
    assert (answer.headers["x-cache"], answer.json()["rows"]) == (outcome, rows)
    assert found.total() > 0
    assert (await site.ask(BODY)).json()["rows"] == ROWS


async def test_the_beginning_of_a_known_body_is_not_known(site: Site) -> None:
    await site.ask(BODY)
    for size in range(1, len(BODY)):
        answer = await site.ask(BODY[:size])
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_json")


async def test_known_bytes_of_another_kind_are_refused(site: Site) -> None:
    await site.ask(BODY)
    for headers, code in (
        ({"Content-Type": "text/plain"}, "unsupported_media_type"),
        ({"Content-Type": ""}, "unsupported_media_type"),
        ({"Content-Encoding": "gzip"}, "unsupported_encoding"),
    ):
        answer = await site.ask(BODY, **headers)
        assert (answer.status_code, answer.json()["code"]) == (415, code)


async def test_a_body_that_was_refused_is_refused_again(site: Site) -> None:
    unknown = json.dumps(select("thinks", "n")).encode()
    for body, status in ((b'{"tables": 1}', 422), (unknown, 400), (b"{", 422)):
        refusals = [await site.ask(body, **{"X-Request-ID": "same"}) for _ in range(3)]
        assert {refusal.status_code for refusal in refusals} == {status}
        assert len({refusal.content for refusal in refusals}) == 1


async def test_bytes_that_come_in_pieces_are_the_same_bytes(site: Site) -> None:
    await site.ask(BODY)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(BODY), 10):
            yield BODY[start : start + 10]

    with parses() as found:
        answer = await site.http.post(
            "/api/query/execute", content=pieces(), headers={"Content-Type": "application/json"}
        )
    assert (answer.headers["x-cache"], answer.json()["rows"]) == ("HIT", ROWS)
    assert found.total() == 0


async def test_equal_bytes_from_another_tenant_are_answered_with_his_rows(dsn: str) -> None:
    engine = PrismiqEngine(dsn, ["accounts"], cache=InMemoryCache())
    app = FastAPI()

    def by_header(request: Request) -> Scope:
        return Scope(tenant=request.headers["x-tenant"])

    app.include_router(create_router(engine, scope=by_header), prefix="/api")
    body = json.dumps(select("accounts", "owner")).encode()
    expected = {"acme": [["ann"]], "globex": [["cat"]], "initech": []}

    async def ask(client: httpx.AsyncClient, tenant: str) -> tuple[str, Any]:
        headers = {"Content-Type": "application/json", "X-Tenant": tenant}
        answer = await client.post("/api/query/execute", content=body, headers=headers)
        return answer.headers["x-cache"], answer.json()["rows"]

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(engine)
        client = await stack.enter_async_context(client_of(app))
        for outcome in ("MISS", "HIT", "HIT"):
            for tenant, rows in expected.items():
                assert await ask(client, tenant) == (outcome, rows)
        at_once = [*expected] * 20
        answers = await asyncio.gather(*(ask(client, tenant) for tenant in at_once))
        assert [rows for _, rows in answers] == [expected[tenant] for tenant in at_once]
