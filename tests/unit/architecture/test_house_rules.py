"""What the layout asks of files, beyond what import contracts can say."""

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "prismiq"
MODULES = sorted(SOURCE.rglob("*.py"))
PATHS = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
CORE = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in {"domain", "ports"}]

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
NAMES_THAT_SAY_NOTHING = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
NAMES_THAT_SHADOW = {"asyncio", "json", "logging", "typing"}
CLOCK_READINGS = {"now", "today", "utcnow"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", [path for path in CORE if path.name == "__init__.py"], ids=name_of)
def test_package_files_of_the_core_import_nothing(path: Path) -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imports == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_are_short(path: Path) -> None:
    lengths = {
        function.name: (function.end_lineno or 0) - function.lineno + 1
        for function in functions_of(path)
    }
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_names_say_what_is_inside(path: Path) -> None:
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    assert path.parent.name not in NAMES_THAT_SAY_NOTHING


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_shadows_the_standard_library(path: Path) -> None:
    assert path.stem not in NAMES_THAT_SHADOW


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_the_core_reads_no_clock(path: Path) -> None:
    """``datetime`` is allowed for its values; what time it is, the Clock port tells."""
    readings = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCK_READINGS
        and isinstance(node.value, ast.Name)
        and node.value.id in {"date", "datetime"}
    ]
    assert readings == []


def test_type_checking_imports_hide_no_circles() -> None:
    hidden = [name_of(path) for path in MODULES if "TYPE_CHECKING" in path.read_text()]
    assert hidden == []


def test_contracts_ignore_nothing() -> None:
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / ".importlinter")
    assert [name for name in configuration if "ignore_imports" in configuration[name]] == []
