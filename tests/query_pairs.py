"""Pairs of queries that mean the same, and pairs that look alike and do not.

Unit tests compare their cache keys, integration tests their answers on the small database in
``integration/queries/schema.sql``. It is noon of 15 March 2024, a Friday, in UTC.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

Query: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    name: str
    one: Query
    other: Query


def at(place: str, **details: Any) -> dict[str, Any]:
    """``at("p.price", aggregation="sum")``: a column with details."""
    table_id, _, column = place.partition(".")
    return {"table_id": table_id, "column": column, **details}


def when(place: str, operator: str, *value: Any) -> dict[str, Any]:
    """``when("p.id", "eq", 5)``: a filter."""
    return at(place, operator=operator, **({"value": value[0]} if value else {}))


def tables(**names: str) -> list[dict[str, Any]]:
    return [{"id": table_id, "name": name} for table_id, name in names.items()]


def join(left: str, right: str, kind: str = "INNER", **on: str) -> dict[str, Any]:
    """``join("p.person", "b.id", "LEFT", region="region")``: a join with further pairs."""
    left_id, _, left_column = left.partition(".")
    right_id, _, right_column = right.partition(".")
    return {
        "from_table_id": left_id,
        "from_column": left_column,
        "to_table_id": right_id,
        "to_column": right_column,
        "join_type": kind,
        "on": [{"from_column": key, "to_column": value} for key, value in on.items()],
    }


IDS: Query = {
    "tables": tables(p="purchase"),
    "columns": [at("p.id")],
    "order_by": [{"column": "id"}],
}
REGIONS: Query = {
    "tables": tables(p="purchase"),
    "columns": [at("p.region"), at("p.quantity", aggregation="sum")],
    "order_by": [{"column": "region"}],
}
DAYS: Query = {
    "tables": tables(p="purchase"),
    "columns": [at("p.quantity", aggregation="sum")],
    "time_series": {"table_id": "p", "date_column": "made", "interval": "day"},
    "filters": [when("p.made", "between", ["2024-03-01", "2024-03-09"])],
}
BUYERS: Query = {
    "tables": tables(p="purchase", b="person"),
    "joins": [join("p.person", "b.id")],
    "columns": [at("p.id", alias="purchase"), at("b.id", alias="buyer")],
    "order_by": [{"column": "purchase"}, {"column": "buyer"}],
}
BOSSES: Query = {
    "tables": tables(a="person", b="person"),
    "joins": [join("a.manager", "b.id")],
    "columns": [at("a.name", alias="who"), at("b.name", alias="boss")],
    "order_by": [{"column": "who"}],
}
CHAIN: Query = {
    "tables": tables(p="purchase", b="person", m="person"),
    "joins": [join("p.person", "b.id"), join("b.manager", "m.id")],
    "columns": [at("p.id", alias="purchase"), at("b.name", alias="who"), at("m.id", alias="boss")],
    "order_by": [{"column": "purchase"}],
}
STOCKED: Query = {
    "tables": tables(p="purchase", s="stock"),
    "joins": [join("p.region", "s.region", product="product")],
    "columns": [at("p.id"), at("s.units")],
    "order_by": [{"column": "id"}],
}

NORTH, SOUTH = when("p.region", "eq", "north"), when("p.region", "eq", "south")
TEA = when("p.product", "eq", "tea")
FEW, MANY = when("p.quantity", "lt", 3), when("p.quantity", "gt", 10)
MARCH = when("p.made", "between", ["2024-03-02", "2024-03-05"])


def filtered(*filters: Any, base: Query = IDS) -> Query:
    return base | {"filters": list(filters)}


def series(base: Query = DAYS, **details: Any) -> Query:
    return base | {"time_series": base["time_series"] | details}


def selecting(*columns: Any, base: Query = IDS, **parts: Any) -> Query:
    return base | {"columns": list(columns)} | parts


EQUAL = [
    Pair(
        "table ids are labels",
        BUYERS,
        {
            "tables": tables(b="purchase", p="person"),
            "joins": [join("b.person", "p.id")],
            "columns": [at("b.id", alias="purchase"), at("p.id", alias="buyer")],
            "order_by": [{"column": "purchase"}, {"column": "buyer"}],
        },
    ),
    Pair(
        "a table's alias is for people",
        IDS,
        IDS | {"tables": [{"id": "p", "name": "purchase", "alias": "Sales"}]},
    ),
    Pair(
        "date_format is for people",
        selecting(at("p.id"), at("p.day")),
        selecting(at("p.id"), at("p.day", date_format="DD.MM.")),
    ),
    Pair(
        "defaults spelled out",
        IDS,
        IDS
        | {
            "joins": [],
            "filters": [],
            "columns": [at("p.id", aggregation="none", alias="id")],
            "order_by": [{"column": "id", "direction": "ASC"}],
            "distinct": False,
            "offset": 0,
            "limit": 10_000,
        },
    ),
    Pair("a limit above max_rows", IDS, IDS | {"limit": 1_000_000}),
    Pair(
        "default names",
        selecting(at("p.quantity", aggregation="sum"), order_by=[]),
        selecting(at("p.quantity", aggregation="sum", alias="sum_quantity"), order_by=[]),
    ),
    Pair("AND commutes", filtered(NORTH, TEA), filtered(TEA, NORTH)),
    Pair("the same twice", filtered(NORTH), filtered(NORTH, NORTH)),
    Pair("AND in AND", filtered(NORTH, TEA, FEW), filtered(FEW, {"and": [TEA, {"and": [NORTH]}]})),
    Pair("OR commutes", filtered({"or": [NORTH, FEW]}), filtered({"or": [FEW, NORTH]})),
    Pair(
        "OR in OR",
        filtered({"or": [NORTH, FEW, MANY]}),
        filtered({"or": [{"or": [MANY, NORTH]}, FEW, MANY]}),
    ),
    Pair("OR of one", filtered(NORTH), filtered({"or": [{"or": [NORTH]}]})),
    Pair("NOT twice keeps unknown", filtered(NORTH), filtered({"not": {"not": NORTH}})),
    Pair(
        "NOT three times",
        filtered({"not": {"or": [NORTH, TEA]}}),
        filtered({"not": {"not": {"not": {"or": [TEA, NORTH]}}}}),
    ),
    Pair(
        "a list is a set",
        filtered(when("p.id", "in_", [3, 1, 2])),
        filtered(when("p.id", "in_", [1, 2, 3, 2, 1])),
    ),
    Pair(
        "a list that excludes is a set",
        filtered(when("p.region", "not_in", ["north", "west"])),
        filtered(when("p.region", "not_in", ["west", "north", "west"])),
    ),
    Pair(
        "last days and their preset",
        filtered(when("p.day", "date_relative", 7)),
        filtered(when("p.day", "date_window", "last_7_days")),
    ),
    Pair(
        "a preset and its days",
        filtered(when("p.made", "date_window", "last_month")),
        filtered(when("p.made", "date_window", {"start": "2024-02-01", "end": "2024-03-01"})),
    ),
    Pair(
        "columns that are shown are groups",
        REGIONS,
        REGIONS | {"group_by": [at("p.region")]},
    ),
    Pair(
        "groups commute",
        REGIONS | {"group_by": [at("p.product"), at("p.day")], "order_by": []},
        REGIONS | {"group_by": [at("p.day"), at("p.product"), at("p.day")], "order_by": []},
    ),
    Pair(
        "HAVING by name and spelled out",
        REGIONS | {"having": [{"column": "sum_quantity", "operator": "gt", "value": 200}]},
        REGIONS | {"having": [when("p.quantity", "gt", 200) | {"aggregation": "sum"}]},
    ),
    Pair(
        "HAVING commutes",
        REGIONS
        | {
            "having": [
                {"column": "sum_quantity", "operator": "gt", "value": 1},
                {"column": "sum_quantity", "operator": "lt", "value": 230},
            ]
        },
        REGIONS
        | {
            "having": [
                {"column": "sum_quantity", "operator": "lt", "value": 230},
                {"column": "sum_quantity", "operator": "gt", "value": 1},
            ]
        },
    ),
    Pair("sorting by name and by column", IDS, IDS | {"order_by": [at("p.id")]}),
    Pair("a time series is sorted", DAYS, DAYS | {"order_by": [{"column": "made_day"}]}),
    Pair("the bucket's name", DAYS, series(alias="made_day")),
    Pair("the scope's zone", DAYS, series(timezone="UTC")),
    Pair(
        "nothing is filled, so nothing is filled in",
        series(fill_missing=False),
        series(fill_missing=False, fill_value=7),
    ),
    Pair("AND of one bounds the buckets too", DAYS, DAYS | {"filters": [{"and": DAYS["filters"]}]}),
    Pair(
        "INNER joins have no sides", BUYERS, BUYERS | {"joins": [join("b.id", "p.person", "INNER")]}
    ),
    Pair("tables of INNER joins", BUYERS, BUYERS | {"tables": tables(b="person", p="purchase")}),
    Pair(
        "INNER joins commute",
        CHAIN,
        CHAIN
        | {
            "tables": tables(m="person", p="purchase", b="person"),
            "joins": [join("m.id", "b.manager"), join("b.id", "p.person")],
        },
    ),
    Pair(
        "RIGHT is LEFT from the other side",
        BUYERS | {"joins": [join("p.person", "b.id", "LEFT")]},
        BUYERS | {"joins": [join("b.id", "p.person", "RIGHT")]},
    ),
    Pair(
        "FULL joins have no sides",
        BUYERS | {"joins": [join("p.person", "b.id", "FULL")]},
        BUYERS | {"joins": [join("b.id", "p.person", "FULL")]},
    ),
    Pair(
        "column pairs commute",
        STOCKED,
        STOCKED | {"joins": [join("p.product", "s.product", region="region")]},
    ),
    Pair(
        "copies of a table keep their roles",
        BOSSES,
        BOSSES
        | {
            "tables": tables(a="person", b="person"),
            "joins": [join("a.id", "b.manager")],
            "columns": [at("b.name", alias="who"), at("a.name", alias="boss")],
        },
    ),
]

_ADULTS = {"tables": tables(p="adult"), "columns": [at("p.id")], "order_by": [{"column": "id"}]}
_TALL = {"tables": tables(p="person"), "columns": [at("p.id")], "order_by": [{"column": "id"}]}
_INNER_THEN_LEFT = {
    "joins": [join("b.manager", "m.id", "INNER"), join("p.person", "b.id", "LEFT")],
}
_FROM_BUYERS = {"tables": tables(b="person", p="purchase", m="person")}
_GAPS = DAYS | {"filters": [MARCH]}

DIFFERENT = [
    Pair(
        "order of columns",
        selecting(at("p.id"), at("p.day")),
        selecting(at("p.day"), at("p.id")),
    ),
    Pair("aliases", IDS, selecting(at("p.id", alias="number"), order_by=[at("p.id")])),
    Pair(
        "aliases exchanged",
        selecting(at("p.id", alias="a"), at("p.person", alias="b"), order_by=[at("p.id")]),
        selecting(at("p.id", alias="b"), at("p.person", alias="a"), order_by=[at("p.id")]),
    ),
    Pair("direction", IDS, IDS | {"order_by": [{"column": "id", "direction": "DESC"}]}),
    Pair(
        "order of sort keys",
        selecting(at("p.region"), at("p.id"), order_by=[at("p.region"), at("p.id")]),
        selecting(at("p.region"), at("p.id"), order_by=[at("p.id"), at("p.region")]),
    ),
    Pair("limit", IDS | {"limit": 3}, IDS | {"limit": 4}),
    Pair("offset", IDS, IDS | {"offset": 1}),
    Pair(
        "distinct",
        selecting(at("p.region"), order_by=[{"column": "region"}]),
        selecting(at("p.region"), order_by=[{"column": "region"}], distinct=True),
    ),
    Pair("table", _ADULTS, _TALL),
    Pair(
        "column of another table with the same name",
        selecting(at("p.id", alias="x"), base=BUYERS, order_by=[{"column": "x"}]),
        selecting(at("b.id", alias="x"), base=BUYERS, order_by=[{"column": "x"}]),
    ),
    Pair(
        "aggregation",
        REGIONS,
        selecting(
            at("p.region"), at("p.quantity", aggregation="avg", alias="sum_quantity"), base=REGIONS
        ),
    ),
    Pair(
        "rows and values",
        selecting(at("p.quantity", aggregation="count", alias="n"), order_by=[]),
        selecting(at("p.*", aggregation="count", alias="n"), order_by=[]),
    ),
    Pair(
        "percentiles",
        selecting(at("p.id", aggregation="percentile", percentile=0.5, alias="n"), order_by=[]),
        selecting(at("p.id", aggregation="percentile", percentile=0.9, alias="n"), order_by=[]),
    ),
    Pair(
        "units",
        selecting(at("p.made", date_trunc="month", alias="m"), at("p.id")),
        selecting(at("p.made", date_trunc="week", alias="m"), at("p.id")),
    ),
    Pair("operators", filtered(NORTH), filtered(NORTH | {"operator": "neq"})),
    Pair("values", filtered(NORTH), filtered(SOUTH)),
    Pair("text and number", filtered(when("p.id", "eq", 1)), filtered(when("p.id", "eq", "1"))),
    Pair(
        "whole and broken number",
        filtered(when("p.id", "eq", 1)),
        filtered(when("p.id", "eq", 1.0)),
    ),
    Pair("number and truth", filtered(when("p.id", "eq", 1)), filtered(when("p.id", "eq", True))),
    Pair(
        "number in a list and truth",
        filtered(when("p.id", "in_", [1, 2])),
        filtered(when("p.id", "in_", [True, 2])),
    ),
    Pair(
        "integers and decimals",
        filtered(when("p.id", "eq", 1)),
        filtered(when("p.id", "eq", Decimal(1))),
    ),
    Pair(
        "text and dates in lists",
        filtered(when("p.region", "in_", ["2024-01-01", "north"])),
        filtered(when("p.region", "in_", [date(2024, 1, 1), "north"])),
    ),
    Pair(
        "one text and a list of its parts",
        filtered(when("p.region", "in_", ["north", "south"])),
        filtered(when("p.region", "in_", ['north","south'])),
    ),
    Pair(
        "low and high",
        filtered(when("p.id", "between", [3, 9])),
        filtered(when("p.id", "between", [9, 3])),
    ),
    Pair("AND and OR", filtered(NORTH, FEW), filtered({"or": [NORTH, FEW]})),
    Pair(
        "what a bracket holds",
        filtered(MANY, {"or": [NORTH, FEW]}),
        filtered({"or": [FEW, {"and": [NORTH, MANY]}]}),
    ),
    Pair("NOT", filtered(NORTH), filtered({"not": NORTH})),
    Pair(
        "NOT of a group and of its members",
        filtered({"not": {"and": [NORTH, TEA]}}),
        filtered({"not": NORTH}, {"not": TEA}),
    ),
    Pair(
        "NOT equal and IS NOT equal with null",
        filtered({"not": when("p.region", "in_or_null", ["north"])}),
        filtered({"not": when("p.region", "in_", ["north"])}, when("p.region", "is_null")),
    ),
    Pair(
        "with null",
        filtered(when("p.region", "in_", ["north"])),
        filtered(when("p.region", "in_or_null", ["north"])),
    ),
    Pair(
        "empty group",
        filtered(NORTH),
        filtered(NORTH, {"and": []}),
    ),
    Pair(
        "case",
        filtered(when("p.region", "like", "N%")),
        filtered(when("p.region", "ilike", "N%")),
    ),
    Pair(
        "days",
        filtered(when("p.day", "date_relative", 7)),
        filtered(when("p.day", "date_relative", 14)),
    ),
    Pair(
        "days and all other days",
        filtered(when("p.day", "date_relative", 7)),
        filtered(when("p.day", "not_date_relative", 7)),
    ),
    Pair(
        "window and range: the end",
        filtered(when("p.day", "between", ["2024-01-02", "2024-01-10"])),
        filtered(when("p.day", "date_window", {"start": "2024-01-02", "end": "2024-01-10"})),
    ),
    Pair("groups that are not shown", REGIONS, REGIONS | {"group_by": [at("p.product")]}),
    Pair(
        "grouped by what is shown, or not at all",
        selecting(at("p.region"), order_by=[{"column": "region"}]),
        selecting(at("p.region"), order_by=[{"column": "region"}], group_by=[at("p.region")]),
    ),
    Pair(
        "a group of the day, and of the month only",
        selecting(
            at("p.day", date_trunc="month", alias="day"),
            at("p.*", aggregation="count"),
            order_by=[{"column": "day"}, {"column": "count"}],
        ),
        selecting(
            at("p.day", date_trunc="month", alias="day"),
            at("p.*", aggregation="count"),
            order_by=[{"column": "day"}, {"column": "count"}],
            group_by=[at("p.day")],
        ),
    ),
    Pair(
        "HAVING",
        REGIONS,
        REGIONS | {"having": [{"column": "sum_quantity", "operator": "gt", "value": 230}]},
    ),
    Pair(
        "HAVING of another aggregate",
        REGIONS | {"having": [when("p.quantity", "gt", 10) | {"aggregation": "max"}]},
        REGIONS | {"having": [when("p.quantity", "gt", 10) | {"aggregation": "min"}]},
    ),
    Pair(
        "HAVING and a filter",
        REGIONS | {"having": [when("p.quantity", "gt", 3) | {"aggregation": "sum"}]},
        REGIONS | {"filters": [when("p.quantity", "gt", 3)]},
    ),
    Pair("interval", DAYS, series(interval="week", alias="made_day")),
    Pair("zone of the buckets", DAYS, series(timezone="Asia/Kolkata")),
    Pair("filled or not", DAYS, series(fill_missing=False)),
    Pair("what added buckets hold", DAYS, series(fill_value=0)),
    Pair("zero and its absence", series(fill_value=0), series(fill_value=1)),
    Pair("the bucket's alias", DAYS, series(alias="day")),
    Pair(
        "OR of one does not bound the buckets",
        _GAPS,
        _GAPS | {"filters": [{"or": [MARCH]}]},
    ),
    Pair(
        "NOT twice does not bound the buckets",
        _GAPS,
        _GAPS | {"filters": [{"not": {"not": MARCH}}]},
    ),
    Pair("INNER and LEFT", BUYERS, BUYERS | {"joins": [join("p.person", "b.id", "LEFT")]}),
    Pair(
        "LEFT and RIGHT",
        BUYERS | {"joins": [join("p.person", "b.id", "LEFT")]},
        BUYERS | {"joins": [join("p.person", "b.id", "RIGHT")]},
    ),
    Pair(
        "LEFT and FULL",
        BUYERS | {"joins": [join("p.person", "b.id", "LEFT")]},
        BUYERS | {"joins": [join("p.person", "b.id", "FULL")]},
    ),
    Pair(
        "order of joins, one of them outer",
        CHAIN
        | {"tables": tables(b="person", p="purchase", m="person")}
        | {"joins": [join("b.id", "p.person", "RIGHT"), join("b.manager", "m.id", "INNER")]},
        CHAIN
        | {"tables": tables(b="person", p="purchase", m="person")}
        | {"joins": [join("b.manager", "m.id", "INNER"), join("b.id", "p.person", "RIGHT")]},
    ),
    Pair(
        "the first table, one join outer",
        CHAIN | _INNER_THEN_LEFT,
        CHAIN | _INNER_THEN_LEFT | _FROM_BUYERS,
    ),
    Pair(
        "one pair more",
        STOCKED,
        STOCKED | {"joins": [join("p.region", "s.region")]},
    ),
    Pair(
        "pairs crossed",
        STOCKED | {"joins": [join("p.region", "s.region", product="product")]},
        STOCKED | {"joins": [join("p.region", "s.product", product="region")]},
    ),
    Pair(
        "which copy is shown",
        selecting(at("a.name", alias="x"), base=BOSSES, order_by=[{"column": "x"}]),
        selecting(at("b.name", alias="x"), base=BOSSES, order_by=[{"column": "x"}]),
    ),
    Pair(
        "which copy is filtered",
        filtered(when("a.id", "eq", 2), base=BOSSES),
        filtered(when("b.id", "eq", 2), base=BOSSES),
    ),
    Pair(
        "which copy is joined on which column",
        BOSSES,
        BOSSES | {"joins": [join("a.id", "b.manager")]},
    ),
    Pair(
        "which copy is sorted by",
        BOSSES | {"order_by": [at("a.id")]},
        BOSSES | {"order_by": [at("b.id", direction="DESC")]},
    ),
    Pair(
        "one table and two copies of it",
        selecting(at("a.name", alias="who"), base=BOSSES, tables=tables(a="person"), joins=[]),
        selecting(at("a.name", alias="who"), base=BOSSES),
    ),
    Pair(
        "a join written twice",
        BUYERS,
        BUYERS | {"joins": [join("p.person", "b.id"), join("p.person", "b.id")]},
    ),
    Pair(
        "an id given twice",
        BOSSES | {"tables": tables(a="person", b="person")},
        BOSSES | {"tables": [*tables(a="person"), *tables(a="person")]},
    ),
    Pair(
        "an id that is a number and an id that is unknown",
        filtered(when("p.id", "eq", 1)),
        filtered(when("0.id", "eq", 1)),
    ),
]
