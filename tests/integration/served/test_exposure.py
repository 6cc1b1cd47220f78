"""What a server does not show is never answered from what a server that showed it has kept.

A server that is started anew with other settings, on the Redis that it had before.
"""

import json
from typing import Any

import pytest
from tests.integration.served.conftest import OPERATOR, OpenSite, Site, select
from tests.unit.conftest import ManualClock

from prismiq import ColumnConfig, SchemaConfig, TableConfig

_SETUP = """
CREATE SCHEMA archive;
CREATE TABLE things (id integer, note text, secret text, at timestamptz);
INSERT INTO things VALUES
    (1, 'one', 'hush', '2013-01-01 20:00Z'), (2, 'two', 'hush', '2013-01-01 10:00Z');
CREATE TABLE others (id integer);
CREATE TABLE archive.things (id integer, note text, secret text, at timestamptz);
CREATE VIEW seen AS SELECT id, note, secret FROM things;
DO $$ BEGIN CREATE ROLE exposed_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA archive TO exposed_reader;
GRANT SELECT ON things, others, seen, archive.things TO exposed_reader;
"""
SCHEMA_TTL = 60.0
NOTES = select("things", "note", order_by=[{"column": "note"}])
SEEN = select("seen", "note", order_by=[{"column": "note"}])
_SECRET = {"table_id": "t", "column": "secret"}
_COUNT = {"table_id": "t", "column": "*", "aggregation": "count", "alias": "n"}
SECRETS = {
    "selected": select("things", "secret"),
    "compared": select("things", "note", filters=[{**_SECRET, "operator": "eq", "value": "hush"}]),
    "compared in a group": select(
        "things", "note", filters=[{"or": [{**_SECRET, "operator": "is_null"}]}]
    ),
    "sorted by": select("things", "note", order_by=[_SECRET]),
    "grouped by": {
        "tables": [{"id": "t", "name": "things"}],
        "columns": [_COUNT],
        "group_by": [_SECRET],
    },
    "counted": {
        "tables": [{"id": "t", "name": "things"}],
        "columns": [{**_SECRET, "aggregation": "max", "alias": "n"}],
    },
}


def hiding(**tables: TableConfig) -> SchemaConfig:
    return SchemaConfig(tables=tables)


HIDDEN_TABLE = hiding(things=TableConfig(hidden=True))
HIDDEN_COLUMN = hiding(things=TableConfig(columns={"secret": ColumnConfig(hidden=True)}))


@pytest.fixture
async def dsn(database: str, connection: Any, dsn_for: Any) -> str:
    await connection.execute(_SETUP)
    return str(dsn_for(database, "exposed_reader"))


async def serve(open_site: OpenSite, dsn: str, **settings: Any) -> Site:
    return await open_site(dsn, store="redis", schema_cache_ttl=SCHEMA_TTL, **settings)


async def check_refused(site: Site, query: Any, code: str) -> None:
    """No way of asking leads to rows, and none says what they would be."""
    body = json.dumps(query).encode()
    for _ in range(2):
        responses = [
            await site.ask(body),
            await site.ask({"query": query}),
            await site.ask(query, **{"Cache-Control": "no-cache"}),
            await site.http.post("/api/query/preview", json=query),
            await site.http.post("/api/query/cache/explain", json=query, headers=OPERATOR),
        ]
        for response in responses:
            assert response.status_code == 400, response.text
            assert response.json()["errors"][0]["code"] == code
            assert "hush" not in response.text
            assert not {"x-cache", "age"} & set(response.headers)


@pytest.mark.parametrize(
    "settings",
    [
        {"exposed_tables": ("others",)},
        {"exposed_tables": ("others", "seen")},
        {"schema_config": HIDDEN_TABLE},
    ],
    ids=["not exposed", "only through a view", "hidden"],
)
async def test_a_table_that_is_not_shown_any_more_is_not_answered(
    dsn: str, open_site: OpenSite, settings: dict[str, Any]
) -> None:
    before = await serve(open_site, dsn)
    for query in (NOTES, SEEN):
        await before.ask(query)
    after = await serve(open_site, dsn, **settings)
    await check_refused(after, NOTES, "table_not_found")
    if "seen" in str(settings):  # that is for the integrator to decide
        assert (await after.outcome(SEEN))[1] == [["one"], ["two"]]
    assert await before.outcome(NOTES) == ("HIT", [["one"], ["two"]])


async def test_a_column_that_is_hidden_now_is_not_answered_in_any_use(
    dsn: str, open_site: OpenSite
) -> None:
    before = await serve(open_site, dsn)
    after = await serve(open_site, dsn, schema_config=HIDDEN_COLUMN)
    for query in SECRETS.values():
        for outcome in ("MISS", "HIT"):
            assert (await before.outcome(query))[0] == outcome
        await check_refused(after, query, "column_not_found")
        assert (await before.outcome(query))[0] == "HIT"


async def test_the_same_name_in_another_schema_is_another_table(
    dsn: str, open_site: OpenSite
) -> None:
    public = await serve(open_site, dsn)
    archive = await serve(open_site, dsn, default_schema="archive")
    for _ in range(2):
        assert (await public.outcome(NOTES))[1] == [["one"], ["two"]]
        assert (await archive.outcome(NOTES))[1] == []


async def test_an_answer_with_more_rows_than_are_allowed_now_is_not_served(
    dsn: str, open_site: OpenSite
) -> None:
    generous, strict = await serve(open_site, dsn), await serve(open_site, dsn, max_rows=1)
    for _ in range(2):
        for site, rows, truncated in (
            (generous, [["one"], ["two"]], False),
            (strict, [["one"]], True),
        ):
            answer = (await site.ask(NOTES)).json()
            assert (answer["rows"], answer["truncated"]) == (rows, truncated)


async def test_days_of_another_zone_are_other_days(dsn: str, open_site: OpenSite) -> None:
    days = {
        "tables": [{"id": "t", "name": "things"}],
        "columns": [{"table_id": "t", "column": "at", "date_trunc": "day", "alias": "day"}, _COUNT],
    }
    utc, tokyo = await serve(open_site, dsn), await serve(open_site, dsn, timezone="Asia/Tokyo")
    for _ in range(2):
        assert [n for _, n in (await utc.outcome(days))[1]] == [2]
        assert [n for _, n in (await tokyo.outcome(days))[1]] == [1, 1]


async def test_who_lost_the_right_to_read_is_not_answered_once_that_is_known(
    dsn: str, open_site: OpenSite, connection: Any, clock: ManualClock
) -> None:
    site = await serve(open_site, dsn)
    await site.ask(NOTES)
    await connection.execute("REVOKE SELECT ON things FROM exposed_reader")
    clock.advance(SCHEMA_TTL)
    for _ in range(2):
        refused = await site.ask(NOTES)
        assert (refused.status_code, refused.json()["code"]) == (500, "permission_denied")
    await connection.execute("GRANT SELECT ON things TO exposed_reader")
    clock.advance(SCHEMA_TTL)
    assert (await site.outcome(NOTES))[1] == [["one"], ["two"]]
