"""What the layout asks of files, beyond what import contracts can say."""

import ast
import configparser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "prismiq"
MODULES = sorted(SOURCE.rglob("*.py"))
CORE = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in {"domain", "ports"}]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
NAMES_THAT_SAY_NOTHING = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
NAMES_THAT_SHADOW = {"asyncio", "json", "logging", "typing"}
CLOCK_READINGS = {"now", "today", "utcnow"}
LATE_IMPORTS = {  # of optional packages
    "entrypoints/caching.py": 1,
    "entrypoints/cli/main.py": 1,
    "entrypoints/redis_extra.py": 1,
    "entrypoints/tracing.py": 3,
}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IMPORTS = (ast.Import, ast.ImportFrom)


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def offenders(paths: Iterable[Path], offends: Callable[[Path], object]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths if offends(path)]


def test_package_files_of_the_core_import_nothing() -> None:
    packages = [path for path in CORE if path.name == "__init__.py"]
    assert offenders(packages, lambda path: any(isinstance(n, IMPORTS) for n in nodes(path))) == []


def test_files_are_short() -> None:
    def is_long(path: Path) -> bool:
        return len(path.read_text().splitlines()) > MAX_FILE_LINES

    assert offenders(MODULES, is_long) == []


def test_functions_are_short() -> None:
    def has_long_function(path: Path) -> bool:
        return any(
            (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
            for node in nodes(path)
            if isinstance(node, FUNCTIONS)
        )

    assert offenders(MODULES, has_long_function) == []


def test_names_say_what_is_inside() -> None:
    def says_nothing(path: Path) -> bool:
        return bool({path.stem, path.parent.name} & NAMES_THAT_SAY_NOTHING)

    assert offenders([*MODULES, *TESTS], says_nothing) == []


def test_no_module_shadows_the_standard_library() -> None:
    assert offenders(MODULES, lambda path: path.stem in NAMES_THAT_SHADOW) == []


def test_the_core_reads_no_clock() -> None:
    """``datetime`` is allowed for its values; what time it is, the Clock port tells."""

    def reads_a_clock(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute)
            and node.attr in CLOCK_READINGS
            and isinstance(node.value, ast.Name)
            and node.value.id in {"date", "datetime"}
            for node in nodes(path)
        )

    assert offenders(CORE, reads_a_clock) == []


def test_no_import_hides_in_a_condition_or_a_function() -> None:
    """That is how circles are hidden."""

    def hidden_imports(path: Path) -> int:
        blocks = [node for node in nodes(path) if isinstance(node, (ast.If, *FUNCTIONS))]
        return sum(isinstance(node, IMPORTS) for block in blocks for node in ast.walk(block))

    def hides_more_than_agreed(path: Path) -> bool:
        return hidden_imports(path) > LATE_IMPORTS.get(str(path.relative_to(SOURCE)), 0)

    assert offenders(MODULES, hides_more_than_agreed) == []


def test_contracts_ignore_nothing() -> None:
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / ".importlinter")
    assert [name for name in configuration if "ignore_imports" in configuration[name]] == []
