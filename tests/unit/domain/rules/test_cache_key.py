from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.filters import AllOf, AnyOf, FilterDefinition, FilterNode, Not
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)
TABLES = ["fact", "left", "right"]
COLUMNS = ["a", "b", "c"]


def key(query: Any, scope: Scope | None = None, **changes: Any) -> str:
    given: dict[str, Any] = {"now": NOW, "context": "generation 1", "max_rows": 100} | changes
    return cache_key(QueryDefinition.model_validate(query), scope=scope or Scope(), **given)


FLIGHTS: dict[str, Any] = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [{"table_id": "f", "column": "carrier"}],
}
LAST_DAYS: dict[str, Any] = {
    "table_id": "f",
    "column": "day",
    "operator": "date_relative",
    "value": 7,
}


def test_a_key_has_160_bits() -> None:
    assert len(bytes.fromhex(key(FLIGHTS))) == 20


@pytest.mark.parametrize(
    "scope",
    [
        Scope(tenant="acme"),
        Scope(schema_name="acme"),
        Scope(claims={"user_id": "7"}),
        Scope(claims={"user_id": "8"}),
        Scope(claims={"user": "7"}),
        Scope(timezone="Europe/Berlin"),
    ],
)
def test_every_part_of_the_scope_is_in_the_key(scope: Scope) -> None:
    others = [Scope(), Scope(claims={"user_id": "7", "role": "x"})]
    assert key(FLIGHTS, scope) not in {key(FLIGHTS, other) for other in others}
    assert key(FLIGHTS, scope) == key(FLIGHTS, scope.model_copy())


def test_texts_of_a_scope_cannot_be_moved_from_one_part_to_another() -> None:
    scopes = [
        Scope(tenant="a", schema_name="b"),
        Scope(tenant='a","b'),
        Scope(tenant="a", claims={"b": "c"}),
        Scope(tenant="a", claims={"b": 'c"],["d","e'}),
        Scope(tenant="a", claims={"b": "c", "d": "e"}),
    ]
    assert len({key(FLIGHTS, scope) for scope in scopes}) == len(scopes)


def test_claims_have_no_order() -> None:
    one, other = Scope(claims={"a": "1", "b": "2"}), Scope(claims={"b": "2", "a": "1"})
    assert key(FLIGHTS, one) == key(FLIGHTS, other)


def test_the_context_is_in_the_key() -> None:
    assert key(FLIGHTS) != key(FLIGHTS, context="generation 2")


def test_max_rows_counts_where_it_cuts() -> None:
    few = FLIGHTS | {"limit": 10}
    assert key(FLIGHTS) != key(FLIGHTS, max_rows=50)
    assert key(few) == key(few, max_rows=50)


def test_yesterday_last_days_were_others() -> None:
    query = FLIGHTS | {"filters": [LAST_DAYS]}
    yesterday, earlier = NOW.replace(day=14), NOW.replace(hour=1)
    assert key(query) == key(query, now=earlier)
    assert key(query) != key(query, now=yesterday)
    assert key(FLIGHTS) == key(FLIGHTS, now=yesterday)


def test_days_begin_in_the_zone_of_the_scope() -> None:
    query = FLIGHTS | {"filters": [LAST_DAYS]}
    tokyo = Scope(timezone="Asia/Tokyo")  # there it is Saturday already from 15:00 UTC on
    assert key(query, tokyo) != key(query, tokyo, now=NOW.replace(hour=15))
    assert key(query) == key(query, now=NOW.replace(hour=15))


def test_relative_conditions_on_aggregates_are_resolved_too() -> None:
    latest = {**LAST_DAYS, "aggregation": "max"}
    query = FLIGHTS | {"having": [latest]}
    assert key(query) != key(query, now=NOW.replace(day=14))


def test_the_schema_of_the_scope_may_be_named() -> None:
    scope = Scope(schema_name="acme")
    named = FLIGHTS | {"tables": [{"id": "f", "name": "flights", "schema_name": "acme"}]}
    other = FLIGHTS | {"tables": [{"id": "f", "name": "flights", "schema_name": "public"}]}
    assert key(FLIGHTS, scope) == key(named, scope)
    assert key(FLIGHTS, scope) != key(other, scope)
    assert key(FLIGHTS) != key(named)


def test_lone_surrogates_differ_from_what_they_would_make() -> None:
    def called(alias: str) -> Any:
        return FLIGHTS | {"columns": [{"table_id": "f", "column": "a", "alias": alias}]}

    assert key(called("\ud83d\ude00")) != key(called("😀"))


def test_values_that_no_filter_takes_are_refused() -> None:
    query = FLIGHTS | {"filters": [{**LAST_DAYS, "operator": "eq", "value": object()}]}
    with pytest.raises(TypeError, match="object"):
        key(query)


# --- What commutes -------------------------------------------------------------------------------

names = st.sampled_from(TABLES)
columns = st.fixed_dictionaries({"table_id": names, "column": st.sampled_from(COLUMNS)})
scalars = st.sampled_from([0, 1, True, "1", 1.0, "x", None])
conditions = st.builds(
    lambda column, rest: column | rest,
    columns,
    st.fixed_dictionaries({"operator": st.sampled_from(["eq", "gt"]), "value": scalars})
    | st.fixed_dictionaries(
        {"operator": st.sampled_from(["in_", "not_in"]), "value": st.lists(scalars, min_size=1)}
    ),
)
trees = st.recursive(
    conditions,
    lambda nodes: (
        st.fixed_dictionaries({"and": st.lists(nodes, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"or": st.lists(nodes, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": nodes})
    ),
    max_leaves=6,
)
pairs = st.fixed_dictionaries(
    {"from_column": st.sampled_from(COLUMNS), "to_column": st.sampled_from(COLUMNS)}
)


def joined(left: str, right: str) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda pair, on: {"from_table_id": left, "to_table_id": right, "on": on} | pair,
        pairs,
        st.lists(pairs, max_size=2),
    )


queries = st.fixed_dictionaries(
    {
        "tables": st.just([{"id": name, "name": name} for name in TABLES]),
        "joins": st.tuples(joined("fact", "left"), joined("fact", "right")).map(list),
        "columns": st.lists(
            columns.flatmap(
                lambda column: st.sampled_from(
                    [column, column | {"aggregation": "max"}, column | {"alias": "x"}]
                )
            ),
            min_size=1,
            max_size=4,
        ),
        "filters": st.lists(trees, max_size=3),
        "group_by": st.lists(columns, max_size=2),
        "order_by": st.lists(columns, max_size=2),
    }
)


class Shuffle:
    """Rewrites a query without changing its meaning, as random choices say."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        new_names = self._order([f"t{number}" for number in range(len(TABLES))])
        self._names = dict(zip(TABLES, new_names, strict=True))
        return {
            "tables": self._order([t | {"id": self._names[t["id"]]} for t in query["tables"]]),
            "joins": self._order([self._join(join) for join in query["joins"]]),
            "columns": [self._renamed(column) for column in query["columns"]],
            "filters": self._members(query["filters"], "and"),
            "group_by": self._repeated([self._renamed(group) for group in query["group_by"]]),
            "order_by": [self._renamed(sort) for sort in query["order_by"]],
        }

    def _order(self, members: list[Any]) -> list[Any]:
        return self._data.draw(st.permutations(members))

    def _chance(self) -> bool:
        return self._data.draw(st.booleans())

    def _repeated(self, members: list[Any]) -> list[Any]:
        again = [member for member in members if self._chance()]
        return self._order([*members, *again])

    def _renamed(self, part: dict[str, Any]) -> dict[str, Any]:
        return part | {"table_id": self._names[part["table_id"]]}

    def _members(self, nodes: list[Any], kind: str) -> list[Any]:
        nodes = self._repeated([self._node(node) for node in nodes])
        if nodes and self._chance():
            cut = self._data.draw(st.integers(0, len(nodes) - 1))
            nodes = [*nodes[:cut], {kind: nodes[cut:]}]
        return nodes

    def _node(self, node: dict[str, Any]) -> dict[str, Any]:
        for kind in ("and", "or"):
            if kind in node:
                return {kind: self._members(node[kind], kind)}
        if "not" in node:
            return {"not": self._node(node["not"])}
        if self._chance():
            return {"not": {"not": self._renamed(node)}}
        if isinstance(node["value"], list):
            return self._renamed(node) | {"value": self._repeated(node["value"])}
        return self._renamed(node)

    def _join(self, join: dict[str, Any]) -> dict[str, Any]:
        first = {"from_column": join["from_column"], "to_column": join["to_column"]}
        first, *others = self._repeated([first, *join["on"]])
        ends = [self._names[join["from_table_id"]], self._names[join["to_table_id"]]]
        if self._chance():
            ends.reverse()
            first, *others = (
                {"from_column": pair["to_column"], "to_column": pair["from_column"]}
                for pair in (first, *others)
            )
        return {"from_table_id": ends[0], "to_table_id": ends[1], "on": others} | first


@given(queries, st.data())
def test_shuffling_what_commutes_keeps_the_key(query: dict[str, Any], data: st.DataObject) -> None:
    assert key(Shuffle(data).query(query)) == key(query)


# --- What does not -------------------------------------------------------------------------------


@given(queries, st.data())
def test_changing_one_part_changes_the_key(query: dict[str, Any], data: st.DataObject) -> None:
    whole: dict[str, Any] = query | {"limit": 5}
    part = data.draw(st.sampled_from([name for name in ("columns", "joins") if whole[name]]))
    place = data.draw(st.integers(0, len(whole[part]) - 1))
    changed = dict(whole[part][place])
    name = "column" if part == "columns" else "from_column"
    changed[name] = "z"
    others = [*whole[part][:place], changed, *whole[part][place + 1 :]]
    assert key(whole | {part: others}) != key(whole)
    assert key(whole | {"columns": [*whole["columns"], whole["columns"][0]]}) != key(whole)
    assert key(whole | {"order_by": [*whole["order_by"], {"column": "y"}]}) != key(whole)
    assert key(whole | {"offset": 1}) != key(whole)
    assert key(whole | {"distinct": True}) != key(whole)
    assert key(whole | {"limit": 6}) != key(whole)


atoms = st.sampled_from(["p", "q", "r"]).map(
    lambda name: FilterDefinition(table_id="f", column=name, operator="eq", value=1)
)
formulas = st.recursive(
    atoms,
    lambda nodes: (
        st.lists(nodes, min_size=1, max_size=2).map(lambda members: AllOf(members=members))
        | st.lists(nodes, min_size=1, max_size=2).map(lambda members: AnyOf(members=members))
        | nodes.map(lambda member: Not(member=member))
    ),
    max_leaves=4,
)
WORLDS = [dict(zip("pqr", truth, strict=True)) for truth in product([True, False, None], repeat=3)]


def truth(node: FilterNode, world: dict[str, bool | None]) -> bool | None:
    """What SQL makes of the condition where the columns are true, false or unknown."""
    if isinstance(node, FilterDefinition):
        return world[node.column]
    if isinstance(node, Not):
        inner = truth(node.member, world)
        return None if inner is None else not inner
    members = [truth(member, world) for member in node.members]
    decisive = isinstance(node, AnyOf)
    return decisive if decisive in members else None if None in members else not decisive


@given(st.lists(formulas, min_size=2, max_size=12))
def test_conditions_with_one_key_have_one_truth(nodes: list[FilterNode]) -> None:
    by_key: dict[str, list[bool | None]] = {}
    for node in nodes:
        answers = [truth(node, world) for world in WORLDS]
        assert by_key.setdefault(key(FLIGHTS | {"filters": [node]}), answers) == answers
