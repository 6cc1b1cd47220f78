"""One way to bind a value to a type by its name."""

from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.rules.type_families import family_of
from prismiq.domain.rules.value_binding.binding import bind_list, bind_value
from prismiq.domain.rules.value_binding.problem import ValueProblem

SMALL = QueryLimits(max_text_length=50, max_list_length=5)
ZONE = "America/New_York"


@pytest.fixture(scope="session")
def bind() -> Callable[..., Constant]:
    """Bind ``value`` to a type; labels make it an enum; days begin in New York."""

    def bind_to(value: Any, data_type: str, *, labels: tuple[str, ...] | None = None) -> Constant:
        return bind_value(
            value,
            data_type=data_type,
            family=family_of(data_type, is_enum=labels is not None),
            enum_values=labels,
            limits=SMALL,
            timezone=ZONE,
        )

    return bind_to


@pytest.fixture(scope="session")
def bind_all() -> Callable[..., Constant]:
    """Bind a list as ``bind`` does a scalar. Five members are allowed."""

    def bind_to(values: Any, data_type: str, *, labels: tuple[str, ...] | None = None) -> Constant:
        return bind_list(
            values,
            data_type=data_type,
            family=family_of(data_type, is_enum=labels is not None),
            enum_values=labels,
            limits=SMALL,
            timezone=ZONE,
        )

    return bind_to


@pytest.fixture(scope="session")
def refuse(bind: Callable[..., Constant]) -> Callable[..., ValueProblem]:
    """Return the problem of a value that must not be bound."""

    def problem_of(value: Any, data_type: str, **options: Any) -> ValueProblem:
        with pytest.raises(ValueProblem) as caught:
            bind(value, data_type, **options)
        return caught.value

    return problem_of
