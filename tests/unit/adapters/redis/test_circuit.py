import asyncio
from itertools import islice

from prismiq.adapters.redis.circuit import Circuit, _growing_pauses


class Store:
    """Fails as often as it is told, then answers."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.probes = 0

    async def probe(self) -> None:
        self.probes += 1
        if self.probes <= self.failures:
            raise OSError


async def closed(circuit: Circuit) -> None:
    async with asyncio.timeout(5):
        await circuit.closed()


async def test_a_hiccup_is_over_with_the_first_probe() -> None:
    store = Store(failures=0)
    circuit = Circuit(store.probe)
    circuit.open()
    was_open = circuit.is_open
    await closed(circuit)
    assert was_open
    assert not circuit.is_open
    assert store.probes == 1


async def test_it_probes_until_the_store_answers() -> None:
    store = Store(failures=3)
    circuit = Circuit(store.probe)
    circuit.open()
    circuit.open()  # by the next caller who failed: one recovery is enough
    await closed(circuit)
    assert store.probes == 4


async def test_pauses_grow_to_a_second() -> None:
    pauses = list(islice(_growing_pauses(), 8))
    assert pauses == [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 1]


async def test_one_that_opens_again_at_once_is_probed_more_slowly() -> None:
    store = Store(failures=0)
    circuit = Circuit(store.probe)
    circuit.open()
    await closed(circuit)
    circuit.open()
    for _ in range(10):
        await asyncio.sleep(0)
    assert store.probes == 1  # the first pause is not over
    await closed(circuit)
    assert store.probes == 2


async def test_stopped_it_refuses_and_does_not_probe() -> None:
    store = Store(failures=10**9)
    circuit = Circuit(store.probe)
    circuit.open()
    await circuit.stop()
    probes = store.probes
    for _ in range(10):
        await asyncio.sleep(0)
    assert store.probes == probes
    was_open = circuit.is_open
    circuit.reset()
    assert was_open
    assert not circuit.is_open


async def test_it_tells_when_it_opens_and_closes() -> None:
    changes: list[bool] = []
    circuit = Circuit(Store(failures=1).probe, changes.append)
    circuit.open()
    circuit.open()
    assert changes == [False]
    await closed(circuit)
    circuit.reset()
    assert changes == [False, True]


async def test_stopped_it_keeps_nobody_away() -> None:
    """A process that ended its part does not count among those whose store is away."""
    changes: list[bool] = []
    circuit = Circuit(Store(failures=1_000).probe, changes.append)
    await circuit.stop()
    circuit.reset()
    changes.clear()
    circuit.open()
    await circuit.stop()
    assert changes == [False, True]
    assert circuit.is_open
