"""What an invalidation by operators ends: all answers that depend on a table, and no others."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.integration.served.conftest import Site, select, start_site
from tests.unit.conftest import ManualClock

_SETUP = """
CREATE SCHEMA archive;
CREATE TABLE orders (id integer PRIMARY KEY, customer integer, amount integer);
CREATE TABLE customers (id integer PRIMARY KEY, name text);
CREATE TABLE others (id integer);
CREATE TABLE archive.orders (id integer, amount integer);
CREATE TABLE events (day date NOT NULL, n integer) PARTITION BY RANGE (day);
CREATE TABLE events_2012 PARTITION OF events FOR VALUES FROM ('2012-01-01') TO ('2013-01-01');
CREATE TABLE events_2013 PARTITION OF events FOR VALUES FROM ('2013-01-01') TO ('2014-01-01')
    PARTITION BY LIST (n);
CREATE TABLE events_2013_rest PARTITION OF events_2013 DEFAULT;
CREATE TABLE parents (n integer);
CREATE TABLE children () INHERITS (parents);

CREATE VIEW large_orders AS SELECT id, amount FROM orders WHERE amount >= 10;
CREATE VIEW largest_order AS SELECT max(amount) AS amount FROM large_orders;
CREATE VIEW named_orders AS
SELECT o.id, c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer;
CREATE VIEW daily_events AS SELECT day, sum(n)::integer AS n FROM events GROUP BY day;
CREATE MATERIALIZED VIEW totals AS SELECT sum(amount)::integer AS amount FROM orders;
CREATE VIEW shown_totals AS SELECT amount FROM totals;
"""
_FILL = """
TRUNCATE orders, customers, others, archive.orders, events, parents;
INSERT INTO orders VALUES (1, 1, 10), (2, 2, 5);
INSERT INTO customers VALUES (1, 'ann'), (2, 'bob');
INSERT INTO others VALUES (1);
INSERT INTO archive.orders VALUES (1, 7);
INSERT INTO events VALUES ('2012-05-05', 1), ('2013-05-05', 2);
INSERT INTO parents VALUES (1);
INSERT INTO children VALUES (2);
REFRESH MATERIALIZED VIEW totals;
"""
_CHANGE = """
UPDATE orders SET amount = amount * 10;
UPDATE customers SET name = upper(name);
UPDATE others SET id = 100;
UPDATE archive.orders SET amount = 70;
UPDATE events SET n = n * 10;
UPDATE parents SET n = n * 10;
"""
_EXPOSED = (
    *("orders", "customers", "others", "archive.orders", "events", "parents", "children"),
    *("large_orders", "largest_order", "named_orders", "daily_events", "totals", "shown_totals"),
)
_JOINED = {
    "tables": [{"id": "o", "name": "orders"}, {"id": "c", "name": "customers"}],
    "joins": [{
        "from_table_id": "o", "from_column": "customer", "to_table_id": "c", "to_column": "id",
    }],
    "columns": [{"table_id": "c", "column": "name"}, {"table_id": "o", "column": "amount"}],
    "order_by": [{"column": "name"}],
}  # fmt: skip
_QUERIES: dict[str, Any] = {
    "orders": select("orders", "amount", order_by=[{"column": "amount"}]),
    "one order": select("orders", "amount", limit=1, order_by=[{"column": "amount"}]),
    "joined": _JOINED,
    "large_orders": select("large_orders", "amount", order_by=[{"column": "amount"}]),
    "largest_order": select("largest_order", "amount"),
    "named_orders": select("named_orders", "name", order_by=[{"column": "name"}]),
    "customers": select("customers", "name", order_by=[{"column": "name"}]),
    "others": select("others", "id"),
    "archive": {
        "tables": [{"id": "t", "name": "orders", "schema_name": "archive"}],
        "columns": [{"table_id": "t", "column": "amount"}],
    },
    "events": select("events", "n", order_by=[{"column": "n"}]),
    "daily_events": select("daily_events", "n", order_by=[{"column": "n"}]),
    "totals": select("totals", "amount"),
    "shown_totals": select("shown_totals", "amount"),
    "parents": select("parents", "n", order_by=[{"column": "n"}]),
    "children": select("children", "n"),
}
_BEFORE: dict[str, Any] = {
    "orders": [[5], [10]],
    "one order": [[5]],
    "joined": [["ann", 10], ["bob", 5]],
    "large_orders": [[10]],
    "largest_order": [[10]],
    "named_orders": [["ann"], ["bob"]],
    "customers": [["ann"], ["bob"]],
    "others": [[1]],
    "archive": [[7]],
    "events": [[1], [2]],
    "daily_events": [[1], [2]],
    "totals": [[15]],
    "shown_totals": [[15]],
    "parents": [[1], [2]],
    "children": [[2]],
}
_AFTER: dict[str, Any] = {
    "orders": [[50], [100]],
    "one order": [[50]],
    "joined": [["ANN", 100], ["BOB", 50]],
    "large_orders": [[50], [100]],
    "largest_order": [[100]],
    "named_orders": [["ANN"], ["BOB"]],
    "customers": [["ANN"], ["BOB"]],
    "others": [[100]],
    "archive": [[70]],
    "events": [[10], [20]],
    "daily_events": [[10], [20]],
    "totals": [[15]],  # until it is refreshed
    "shown_totals": [[15]],
    "parents": [[10], [20]],
    "children": [[20]],
}
_OVER_ORDERS = {
    *("orders", "one order", "joined"),
    *("large_orders", "largest_order", "named_orders"),
}
_CASES = [
    ("orders", _OVER_ORDERS),
    ("public.orders", _OVER_ORDERS),
    ("archive.orders", {"archive"}),
    ("customers", {"joined", "named_orders", "customers"}),
    # A view's own name ends the answers over it, and those only.
    ("large_orders", {"large_orders"}),
    # A materialised view holds rows of its own: it changes when it is refreshed.
    ("totals", {"totals", "shown_totals"}),
    # Rows of a partition are rows of all tables above it, however far.
    ("events", {"events", "daily_events"}),
    ("events_2012", {"events", "daily_events"}),
    ("public.events_2013_rest", {"events", "daily_events"}),
    # Rows of a child are rows of its parent, and not the other way round.
    ("children", {"parents", "children"}),
    ("parents", {"parents"}),
    ("no_such_table", set()),
    (None, set(_QUERIES)),
]


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any) -> str:
    await module_connection.execute(_SETUP)
    return module_database


@pytest.fixture(scope="module", params=["memory", "redis"])
async def running(dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[list[Site]]:
    """One that keeps answers in memory, or two that share a Redis, as two processes do."""
    options: Any = {"exposed_tables": _EXPOSED}
    if request.param == "redis":
        options["redis_url"] = request.getfixturevalue("redis_url")
    async with AsyncExitStack() as stack:
        clock = ManualClock()
        number = 2 if request.param == "redis" else 1
        yield [await start_site(stack, dsn, clock, **options) for _ in range(number)]


@pytest.fixture
async def sites(running: list[Site], module_connection: Any) -> list[Site]:
    """They have kept nothing that is valid."""
    await module_connection.execute(_FILL)
    await running[0].invalidate(None)
    await are_told(running, _QUERIES)
    return running


async def are_told(sites: list[Site], names: Iterable[str]) -> None:
    """Go on when the others know that what they have of these answers is over."""
    async with asyncio.timeout(20):
        for site in sites[1:]:
            for name in names:
                while await site.state(_QUERIES[name]) == ("fresh", "memory"):  # noqa: ASYNC110
                    await asyncio.sleep(0)


async def answers(site: Site) -> dict[str, tuple[str, Any]]:
    return {name: await site.outcome(query) for name, query in _QUERIES.items()}


@pytest.mark.parametrize(("table", "over"), _CASES, ids=[str(table) for table, _ in _CASES])
async def test_an_invalidation_ends_what_depends_on_the_table_and_nothing_else(
    sites: list[Site], module_connection: Any, table: str | None, over: set[str]
) -> None:
    for site in sites:
        await answers(site)
        assert await answers(site) == {name: ("HIT", rows) for name, rows in _BEFORE.items()}
    await module_connection.execute(_CHANGE)
    told = await sites[0].invalidate(table)
    assert told == len(over)
    expected = {name: ("HIT", rows) for name, rows in _BEFORE.items()}
    assert await answers(sites[0]) == expected | {name: ("MISS", _AFTER[name]) for name in over}
    hits = expected | {name: ("HIT", _AFTER[name]) for name in over}
    assert await answers(sites[0]) == hits
    await are_told(sites, over)
    for site in sites[1:]:
        assert await answers(site) == hits


async def test_a_materialised_view_is_another_one_when_it_was_refreshed_and_invalidated(
    sites: list[Site], module_connection: Any
) -> None:
    site = sites[0]
    over = {name: _QUERIES[name] for name in ("totals", "shown_totals")}
    await module_connection.execute(_CHANGE)
    for outcome in ("MISS", "HIT"):
        for query in over.values():
            assert await site.outcome(query) == (outcome, [[15]])
    await site.invalidate("orders")
    for query in over.values():
        assert await site.outcome(query) == ("HIT", [[15]])  # as the view itself still says
    await module_connection.execute("REFRESH MATERIALIZED VIEW totals")
    await site.invalidate("totals")
    for outcome in ("MISS", "HIT"):
        for query in over.values():
            assert await site.outcome(query) == (outcome, [[150]])
