"""Rivals take turns."""

from bench.case import ROUNDS
from bench.turns import in_turns, rate


async def test_rivals_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    async def measure(name: str) -> int:
        order.append(name)
        return len(order)

    found = await in_turns({"a": lambda: measure("a"), "b": lambda: measure("b")})

    assert order == ["a", "b"] * (ROUNDS + 1)
    assert found == {
        "a": list(range(3, 2 * ROUNDS + 2, 2)),
        "b": list(range(4, 2 * ROUNDS + 3, 2)),
    }


async def test_a_rate_is_by_the_clock_that_was_given() -> None:
    readings = iter([10.0, 12.5])

    async def work() -> int:
        return 100

    assert await rate(work, lambda: next(readings)) == 40
