"""Each shape of a query gives what SQL written by hand gives, in values and types."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from prismiq.domain.model.filters import FilterOperator
from prismiq.domain.model.query import Aggregation, JoinType, TimeUnit
from prismiq.domain.model.result import QueryResult

_SHAPE = re.compile(
    r"^## (?P<title>.+?)\n+```json ?(?P<timezone>\S*)\n(?P<query>.+?)```\n+```sql\n(?P<sql>.+?)```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Shape:
    """A query and the SQL that a person would write for it."""

    name: str
    timezone: str
    query: str
    sql: str


def read_shapes() -> list[Shape]:
    shapes = []
    for path in sorted((Path(__file__).parent / "shapes").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        found = list(_SHAPE.finditer(text))
        assert len(found) == text.count("\n## "), f"a shape of {path.name} is not well-formed"
        shapes += [
            Shape(f"{path.stem}: {m['title']}", m["timezone"] or "UTC", m["query"], m["sql"])
            for m in found
        ]
    return shapes


SHAPES = read_shapes()


async def described(connection: Any, sql: str) -> tuple[list[str], list[str]]:
    """Return the names of a statement's columns and of their types, as our sessions see them."""
    attributes = (await connection.prepare(sql)).get_attributes()
    async with connection.transaction():
        await connection.execute("SET LOCAL search_path = ''")
        types = await connection.fetchval(
            "SELECT array_agg(format_type(oid, NULL) ORDER BY place)"
            " FROM unnest($1::oid[]) WITH ORDINALITY AS type(oid, place)",
            [attribute.type.oid for attribute in attributes],
        )
    return [attribute.name for attribute in attributes], types


def with_types(value: Any) -> Any:
    """Make values comparable together with their types, NaN and the scale of numbers included."""
    if isinstance(value, list):
        return [with_types(member) for member in value]
    kind = UUID if isinstance(value, UUID) else type(value)  # the driver has a subclass of it
    return kind.__name__, str(value)


def in_order(shape: Shape, rows: list[Any]) -> list[Any]:
    """Sort the rows of a query that leaves their order open."""
    query = json.loads(shape.query)
    return rows if "order_by" in query or "time_series" in query else sorted(rows, key=str)


def digits_kept(text: str | bytes) -> Any:
    """Parse JSON and leave numbers as they are written."""
    return json.loads(text, parse_float=str, parse_int=str)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_shape(
    shape: Shape, ask: Callable[..., Awaitable[QueryResult]], by_hand: Any
) -> None:
    answer = await ask(shape.query, shape.timezone)
    names, types = await described(by_hand, shape.sql)
    expected = [with_types(list(row)) for row in await by_hand.fetch(shape.sql)]
    rows = [with_types(row) for row in answer.rows]
    assert answer.columns == names
    assert answer.column_types == types
    assert in_order(shape, rows) == in_order(shape, expected)
    assert answer.row_count == len(expected)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_shape_as_json(
    shape: Shape, ask_for_json: Callable[..., Awaitable[bytes]], by_hand: Any
) -> None:
    names, _ = await described(by_hand, shape.sql)
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    made_by_hand = await by_hand.fetchval(
        f"SELECT coalesce(json_agg(json_build_array({columns})), '[]')::text"
        f" FROM ({shape.sql}) AS made_by_hand"
    )
    body = digits_kept(await ask_for_json(shape.query, shape.timezone))
    assert in_order(shape, body["rows"]) == in_order(shape, digits_kept(made_by_hand))


def test_nothing_of_the_query_language_is_missing_among_the_shapes() -> None:
    assert len(SHAPES) >= 60
    asked = " ".join(shape.query for shape in SHAPES)
    words = {*get_args(FilterOperator), *get_args(JoinType), *get_args(TimeUnit)}
    words |= {*get_args(Aggregation), "distinct", "having", "or", "and", "not", "offset"}
    unused = {word for word in words if f'"{word}"' not in asked}
    assert unused == {"none", "INNER"}, "these two are the defaults"
