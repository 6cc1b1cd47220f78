"""What tests of all kinds share."""

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

pytest.register_assert_rewrite("tests.contracts")

# Tests ask faster than any person; those about limits say so. Servers they start inherit it.
os.environ["PRISMIQ_RATE_LIMIT_ENABLED"] = "false"

OWN_NAMES = re.compile(r"[tc][0-9]+|data|missing|buckets|series|moment|scanned")
LITERALS = {"0.5", "1", "3", "7", "15", "30"}
UNITS = {"microsecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}
UNITS |= {f"{unit}s" for unit in UNITS}
FUNCTIONS = {"isfinite", "ALL"}
NODES = {
    # statements and clauses
    *("Select", "Union", "Except", "Subquery", "With", "CTE", "From", "Table", "TableAlias"),
    *("Join", "Where", "Group", "Having", "Order", "Ordered", "Limit", "Offset", "Distinct"),
    # names and values
    *("Alias", "Column", "Identifier", "Parameter", "Literal", "Var", "Null", "Boolean", "Star"),
    *("Cast", "DataType", "Dot", "Interval", "AtTimeZone", "Paren"),
    # conditions
    *("And", "Or", "Not", "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "Is", "Like", "ILike"),
    *("Any", "All", "Operator", "Sub", "Add"),
    # functions
    *("Count", "Sum", "Avg", "Min", "Max", "StddevSamp", "Variance", "PercentileCont"),
    *("WithinGroup", "TimestampTrunc", "ExplodingGenerateSeries", "Anonymous"),
}

SqlCheck = Callable[[str, int, Collection[str]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files instead of comparing"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in ``golden/`` beside the test."""

    def compare(name: str, text: str) -> None:
        path: Path = request.path.parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, "see --update-golden"

    return compare


@pytest.fixture(scope="session")
def assert_nothing_foreign() -> SqlCheck:
    """Parse SQL with an independent parser and refuse whatever the compiler has no word for."""

    def check(sql: str, parameter_count: int, names: Collection[str]) -> None:
        statements = sqlglot.parse(sql, read="postgres")
        assert len(statements) == 1
        tree = statements[0]
        assert isinstance(tree, exp.Query)
        numbers = set()
        for node in tree.walk():
            assert type(node).__name__ in NODES, f"unexpected {type(node).__name__}: {node}"
            assert not node.comments, f"a comment: {node.comments}"
            if isinstance(node, exp.Parameter):
                numbers.add(int(node.name))
            elif not isinstance(node.parent, exp.Parameter):
                _refuse_foreign_text(node, names)
        assert numbers == set(range(1, parameter_count + 1))

    return check


def _refuse_foreign_text(node: exp.Expr, names: Collection[str]) -> None:
    """Check the nodes that hold text; all others are only structure."""
    match node:
        case exp.Identifier() if node.args["quoted"] or node.find_ancestor(exp.DataType):
            assert node.name in names, f"unknown name: {node}"
        case exp.Identifier():
            assert OWN_NAMES.fullmatch(node.name), f"unquoted name: {node}"
        case exp.Literal():
            assert node.name in LITERALS, f"a literal: {node}"
        case exp.Var():
            assert node.name.lower() in UNITS, f"a word: {node}"
        case exp.Anonymous():
            assert node.name in FUNCTIONS, f"a function: {node}"
        case exp.Operator():
            assert re.fullmatch(r'"?public"?\.[=<>!~*]+', node.args["operator"])
        case _:
            pass
