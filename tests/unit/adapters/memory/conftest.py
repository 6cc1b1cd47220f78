"""Virtual time in the form in which the contracts ask for it."""

from collections.abc import Awaitable, Callable

import pytest
from tests.unit.conftest import ManualClock


@pytest.fixture
def pass_time(clock: ManualClock) -> Callable[[float], Awaitable[None]]:
    async def advance(seconds: float) -> None:
        clock.advance(seconds)

    return advance
