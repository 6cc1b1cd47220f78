"""Once a server has read a changed schema, nothing of before the change is served."""

import json
from typing import Any

import httpx
import pytest
from tests.integration.served.conftest import OpenSite, Site, select
from tests.unit.conftest import ManualClock

SCHEMA_TTL = 60.0
_SETUP = """
CREATE TABLE things (id integer, note text, other text);
INSERT INTO things VALUES (1, 'one', 'two');
CREATE VIEW seen AS SELECT id, note FROM things;
"""
# Always the same bytes: what they were read as before must be checked anew.
NOTES = json.dumps(select("things", "note")).encode()
CHANGES = {
    "type": (
        "DROP VIEW seen; ALTER TABLE things ALTER COLUMN note TYPE integer USING length(note)",
        ["integer"],
        [[3]],
    ),
    "swapped": (
        "ALTER TABLE things RENAME COLUMN note TO spare;"
        "ALTER TABLE things RENAME COLUMN other TO note",
        ["text"],
        [["two"]],
    ),
    "new": (
        "DROP VIEW seen; ALTER TABLE things DROP COLUMN note;"
        "ALTER TABLE things ADD COLUMN note text DEFAULT 'new'",
        ["text"],
        [["new"]],
    ),
    "emptied": (
        "DROP TABLE things CASCADE; CREATE TABLE things (id integer, note text)",
        ["text"],
        [],
    ),
    "view": (
        "DROP TABLE things CASCADE; CREATE VIEW things AS SELECT 1 AS id, 'seen'::text AS note",
        ["text"],
        [["seen"]],
    ),
}


@pytest.fixture
async def sites(database: str, connection: Any, open_site: OpenSite, store: str) -> list[Site]:
    """One that keeps answers in memory, or two that share a Redis, as two processes do."""
    await connection.execute(_SETUP)
    number = 2 if store == "redis" else 1
    options: Any = {"store": store, "schema_cache_ttl": SCHEMA_TTL, "cache_ttl": None}
    return [await open_site(database, **options) for _ in range(number)]


def shown(response: httpx.Response) -> tuple[Any, Any]:
    assert response.status_code == 200, response.text
    return response.json()["column_types"], response.json()["rows"]


async def fill(sites: list[Site]) -> None:
    for site in sites:
        for _ in range(2):
            response = await site.ask(NOTES)
            assert shown(response) == (["text"], [["one"]])
        assert response.headers["x-cache"] == "HIT"


async def time_passes(_site: Site, clock: ManualClock) -> None:
    clock.advance(SCHEMA_TTL)


async def is_told(site: Site, _clock: ManualClock) -> None:
    await site.engine.get_schema(force_refresh=True)


@pytest.mark.parametrize(
    ("store", "reload"), [("memory", time_passes), ("redis", is_told)], ids=["memory", "redis"]
)
@pytest.mark.parametrize("change", CHANGES)
async def test_a_column_that_has_changed_is_never_answered_as_it_was(
    sites: list[Site], connection: Any, clock: ManualClock, change: str, reload: Any
) -> None:
    await fill(sites)
    statements, types, rows = CHANGES[change]
    await connection.execute(statements)
    for site in sites:
        await reload(site, clock)
    outcome = "MISS"
    for site in sites:
        response = await site.ask(NOTES)
        assert (response.headers["x-cache"], *shown(response)) == (outcome, types, rows)
        outcome = "HIT"  # in Redis it is now, and where there is none there is one site
        response = await site.ask(NOTES)
        assert (response.headers["x-cache"], *shown(response)) == (outcome, types, rows)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("ALTER TABLE things DROP COLUMN note CASCADE", "column_not_found"),
        ("ALTER TABLE things RENAME COLUMN note TO remark", "column_not_found"),
        ("DROP TABLE things CASCADE", "table_not_found"),
        ("ALTER TABLE things SET SCHEMA elsewhere", "table_not_found"),
    ],
    ids=["dropped", "renamed", "no table", "moved"],
)
@pytest.mark.parametrize(
    ("store", "reload"), [("redis", time_passes), ("memory", is_told)], ids=["redis", "memory"]
)
async def test_a_column_that_is_no_more_is_refused_whatever_is_kept(
    sites: list[Site], connection: Any, clock: ManualClock, change: str, code: str, reload: Any
) -> None:
    await connection.execute("CREATE SCHEMA elsewhere")
    await fill(sites)
    await connection.execute(change)
    for site in sites:
        await reload(site, clock)
        for _ in range(2):
            response = await site.ask(NOTES)
            assert (response.status_code, response.json()["errors"][0]["code"]) == (400, code)
            assert "x-cache" not in response.headers


async def test_a_query_that_finds_the_change_ends_what_was_kept(
    sites: list[Site], connection: Any, clock: ManualClock
) -> None:
    await fill(sites)
    await connection.execute("ALTER TABLE things RENAME COLUMN note TO remark")
    clock.advance(2)  # a schema that was read a moment ago is not read again
    for site in sites:
        found = await site.ask(NOTES, **{"Cache-Control": "no-cache"})
        assert (found.status_code, found.json()["code"]) == (503, "schema_changed")
        response = await site.ask(NOTES)
        assert (response.status_code, response.json()["code"]) == (400, "invalid_query")
        response = await site.ask(select("things", "remark"))
        assert shown(response) == (["text"], [["one"]])


async def test_who_has_not_read_the_change_yet_does_not_fill_for_who_has(
    database: str, connection: Any, open_site: OpenSite
) -> None:
    await connection.execute(_SETUP)
    informed, late = [await open_site(database, store="redis") for _ in range(2)]
    await fill([informed, late])
    statements, types, rows = CHANGES["type"]
    await connection.execute(statements)
    await informed.engine.get_schema(force_refresh=True)
    refilled = await late.ask(NOTES, **{"Cache-Control": "no-cache"})
    assert refilled.headers["x-cache"] == "BYPASS"
    for outcome in ("MISS", "HIT"):
        response = await informed.ask(NOTES)
        assert (response.headers["x-cache"], *shown(response)) == (outcome, types, rows)
    await late.engine.get_schema(force_refresh=True)
    response = await late.ask(NOTES)
    assert (response.headers["x-cache"], *shown(response)) == ("HIT", types, rows)


async def test_what_is_told_of_the_schema_is_what_answers_are_made_of(
    sites: list[Site], connection: Any, clock: ManualClock
) -> None:
    async def type_of_notes(site: Site) -> str:
        table = (await site.http.get("/api/tables/things")).json()
        [found] = [each for each in table["columns"] if each["name"] == "note"]
        return str(found["data_type"])

    await fill(sites)
    await connection.execute(CHANGES["type"][0])
    for seconds, expected in ((SCHEMA_TTL - 1, "text"), (1, "integer")):
        clock.advance(seconds)
        for site in sites:
            types, _ = shown(await site.ask(NOTES))
            assert types == [expected]
            assert await type_of_notes(site) == expected
