"""Golden comparison of compiled statements."""

from collections.abc import Callable, Collection
from typing import TypeAlias

import pytest

from prismiq.domain.model.result import CompiledQuery

CompiledCheck: TypeAlias = Callable[[str, CompiledQuery, Collection[str]], None]


@pytest.fixture
def assert_compiled(
    golden: Callable[[str, str], None],
    assert_nothing_foreign: Callable[[str, int, Collection[str]], None],
) -> CompiledCheck:
    """Compare statement and parameters with a golden file; only ``names`` may be quoted in it."""

    def check(name: str, compiled: CompiledQuery, names: Collection[str]) -> None:
        lines = [compiled.sql, ""]
        lines += [f"-- ${i} = {value!r}" for i, value in enumerate(compiled.parameters, start=1)]
        golden(f"{name}.sql", "\n".join(lines) + "\n")
        assert_nothing_foreign(compiled.sql, len(compiled.parameters), names)

    return check
