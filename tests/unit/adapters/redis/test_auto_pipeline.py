"""Callers who come, wait and leave in any order, over connections that break in any way."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from random import Random

import pytest
from redis.exceptions import ConnectionError as LostConnectionError
from redis.exceptions import MaxConnectionsError, ResponseError
from tests.unit.domain.services.cache_world import Scheduler

from prismiq.adapters.redis.auto_pipeline import CONNECTIONS, AutoPipeline
from prismiq.domain.model.errors import StoreUnavailableError

REFUSED = b"refused"


class FailedError(Exception):
    """What callers are told of an error of the driver."""


class Connection:
    """Answers every command with the command; behaves as the driver's when it is disturbed."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self.unread: deque[bytes] = deque()
        self.is_open = False
        self.is_stale = False
        self.is_broken = False

    async def connect(self) -> None:
        await self._server.pause()
        self.unread.clear()
        self.is_open, self.is_stale, self.is_broken = True, False, False

    async def can_read(self) -> bool:
        if not self.is_open:
            raise LostConnectionError
        return bool(self.unread) or self.is_stale

    async def send_packed_command(self, commands: Iterable[bytes], check_health: bool) -> None:
        assert self.is_open
        assert not check_health
        try:
            self._server.writes.append(list(commands))
            self.unread += commands
            if self._server.chance(self._server.slowness / 3):  # the buffer is full
                await self._server.pause()
        except BaseException:
            self.is_open = False
            raise

    async def read_response(self, *, disable_decoding: bool) -> bytes:
        assert self.is_open
        assert disable_decoding
        try:
            if self._server.chance(self._server.slowness):
                await self._server.pause()
            if self.is_broken:
                raise LostConnectionError  # noqa: TRY301 - what comes out of the socket
            reply = self.unread.popleft()
        except BaseException:
            self.is_open = False
            raise
        if reply.endswith(REFUSED):
            raise ResponseError("no")
        self.is_stale = self._server.chance(self._server.slowness / 10) and not self.unread
        return reply


class Server:
    """Is also the pool of connections to it."""

    def __init__(self, random: Random, *, faults: bool) -> None:
        self.scheduler = Scheduler(random)
        self.writes: list[list[bytes]] = []
        self.in_use: set[Connection] = set()
        self.most_in_use = 0
        self.slowness = 0.5
        """How often a reply is waited for."""
        self.free: list[Connection] = []
        self._random = random
        self._faults = 0.1 if faults else 0.0

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def break_all(self) -> None:
        """Let every connection fail that is used."""
        for connection in self.in_use:
            connection.is_broken = True

    async def pause(self) -> None:
        await self.scheduler.pause()
        if self.chance(self._faults):
            raise self._random.choice([LostConnectionError(), TimeoutError(), ValueError()])

    async def get_connection(self) -> Connection:
        if self.chance(self._faults / 2):
            raise MaxConnectionsError
        connection = self.free.pop() if self.free else Connection(self)
        self.in_use.add(connection)
        self.most_in_use = max(self.most_in_use, len(self.in_use))
        try:
            if not connection.is_open or connection.is_stale or connection.unread:
                await connection.connect()
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def release(self, connection: Connection) -> None:
        self.in_use.remove(connection)
        self.free.append(connection)


class World:
    def __init__(self, seed: int, *, faults: bool, deadline: float = 3600.0) -> None:
        self.random = Random(seed)
        self.server = Server(self.random, faults=faults)
        self.failures: list[Exception] = []
        self.pipeline = AutoPipeline(self.server, deadline, self._failure)  # type: ignore[arg-type]
        self.outcomes: Counter[str] = Counter()

    def _failure(self, error: Exception) -> Exception:
        assert not isinstance(error, AssertionError)
        self.failures.append(error)
        return FailedError()

    async def caller(self, name: int) -> None:
        for number in range(self.random.randint(1, 5)):
            if self.random.random() < 0.5:
                await self.server.scheduler.pause()
            command = b"%d.%d" % (name, number)
            if self.random.random() < 0.1:
                command += REFUSED
            await self._ask(command)

    async def _ask(self, command: bytes) -> None:
        try:
            reply = await self.pipeline.ask(command)
        except FailedError as error:
            self.outcomes["refused" if isinstance(error.__cause__, ResponseError) else "lost"] += 1
        except StoreUnavailableError:
            self.outcomes["never sent"] += 1
        else:
            assert reply == command
            assert not command.endswith(REFUSED)
            self.outcomes["answered"] += 1

    async def run(self, callers: int, *, impatient: float = 0.0) -> None:
        tasks = [asyncio.create_task(self.caller(name)) for name in range(callers)]
        leavers = [task for task in tasks if self.random.random() < impatient]
        leaving = [asyncio.create_task(self._leave(task)) for task in leavers]
        await self.server.scheduler.run(until=lambda: all(task.done() for task in tasks))
        for task in tasks:
            if not task.cancelled():
                task.result()
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)

    async def _leave(self, task: "asyncio.Task[None]") -> None:
        for _ in range(self.random.randint(1, 20)):
            await self.server.scheduler.pause()
        task.cancel()

    async def close(self) -> None:
        await self.pipeline.close()
        assert not self.server.in_use
        assert self.server.most_in_use <= CONNECTIONS


@pytest.mark.parametrize("seed", range(60))
async def test_everybody_gets_the_reply_to_their_own_command(seed: int) -> None:
    world = World(seed, faults=False)
    await world.run(30)
    assert set(world.outcomes) == {"answered", "refused"}
    sent = [command for write in world.server.writes for command in write]
    assert len(sent) == len(set(sent)) == world.outcomes.total()
    assert len(world.failures) == world.outcomes["refused"]
    await world.close()


@pytest.mark.parametrize("seed", range(60))
async def test_who_leaves_harms_nobody_else(seed: int) -> None:
    world = World(seed, faults=False)
    await world.run(30, impatient=0.5)
    assert set(world.outcomes) <= {"answered", "refused"}
    await world.run(10)  # it works on
    await world.close()


@pytest.mark.parametrize("seed", range(60))
async def test_broken_connections_and_leavers_leave_nobody_waiting(seed: int) -> None:
    world = World(seed, faults=True)
    await world.run(40, impatient=0.2)
    assert world.outcomes["answered"]
    assert world.outcomes["lost"]
    assert not world.outcomes["never sent"]
    sent = [command for write in world.server.writes for command in write]
    assert len(sent) == len(set(sent))
    await world.close()


async def together(world: World, number: int) -> None:
    """Let so many callers ask in the same turn, and wait until all have their reply."""
    callers = [asyncio.create_task(world.pipeline.ask(b"%04d" % n)) for n in range(number)]
    await world.server.scheduler.run(until=lambda: all(caller.done() for caller in callers))
    assert [caller.result() for caller in callers] == [b"%04d" % n for n in range(number)]


async def test_who_comes_alone_is_sent_at_once_and_the_others_together() -> None:
    world = World(1, faults=False)
    await together(world, 32)
    assert world.server.writes == [[b"0000"], [b"%04d" % n for n in range(1, 32)]]
    await world.close()


async def test_a_crowd_is_served_in_parts_and_in_its_order() -> None:
    world = World(1, faults=False)
    await together(world, 1_000)
    assert max(len(write) for write in world.server.writes) == 64
    parts = sorted(world.server.writes)
    assert [command for write in parts for command in write] == [b"%04d" % n for n in range(1_000)]
    await world.close()


async def test_a_loss_is_reported_also_when_nobody_is_there_any_more() -> None:
    world = World(1, faults=False)
    world.server.slowness = 1.0
    callers = [asyncio.create_task(world.pipeline.ask(b"%d" % n)) for n in range(3)]
    await world.server.scheduler.run(until=lambda: len(world.server.writes) == 2)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    world.server.break_all()
    await world.server.scheduler.run(until=lambda: bool(world.failures))
    assert {type(error) for error in world.failures} == {LostConnectionError}
    await world.close()


async def test_who_is_not_sent_yet_can_be_refused() -> None:
    world = World(1, faults=False)
    world.server.slowness = 1.0
    callers = [asyncio.create_task(world.pipeline.ask(b"%d" % n)) for n in range(500)]
    await world.server.scheduler.run(until=lambda: len(world.server.writes) >= 3)
    world.pipeline.refuse_waiting()
    await world.server.scheduler.run(until=lambda: all(caller.done() for caller in callers))
    sent = sum(map(len, world.server.writes))
    assert sent < 500
    outcomes = Counter(type(caller.exception()) for caller in callers)
    assert outcomes == {type(None): sent, StoreUnavailableError: 500 - sent}
    await together(world, 10)
    await world.close()


async def test_an_end_leaves_nobody_waiting_and_is_no_loss() -> None:
    world = World(1, faults=False)
    world.server.slowness = 1.0
    callers = [asyncio.create_task(world.pipeline.ask(b"%d" % n)) for n in range(500)]
    await world.server.scheduler.run(until=lambda: len(world.server.writes) >= 3)
    callers[0].cancel()  # who is alone sees to it alone
    await asyncio.gather(callers[0], return_exceptions=True)
    await world.close()
    answers = await asyncio.gather(*callers[1:], return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailableError}
    assert not world.failures
    await together(world, 10)
    await world.close()


@pytest.mark.parametrize("number", [1, 2, 70])
async def test_a_silent_server_costs_one_deadline(number: int) -> None:
    world = World(1, faults=False, deadline=0.02)
    callers = [world.pipeline.ask(b"%d" % n) for n in range(number)]
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert {type(answer) for answer in answers} == {FailedError}
    assert {type(error) for error in world.failures} == {TimeoutError}
    await world.close()


async def test_a_connection_that_the_server_closed_is_not_used() -> None:
    world = World(1, faults=False)
    await together(world, 1)
    for connection in world.server.in_use:
        connection.is_stale = True
    await together(world, 1)
    assert not world.failures
    await world.pipeline.drop_idle()
    assert not world.server.in_use
    await together(world, 1)
    await world.close()


async def test_who_leaves_before_it_is_sent_is_not_sent() -> None:
    world = World(1, faults=False)
    callers = [asyncio.create_task(world.pipeline.ask(b"%d" % n)) for n in range(5)]
    await asyncio.sleep(0)
    callers[3].cancel()
    await world.server.scheduler.run(until=lambda: all(caller.done() for caller in callers))
    assert world.server.writes == [[b"0"], [b"1", b"2", b"4"]]
    await world.close()


async def test_an_end_leaves_no_connection_that_was_about_to_be_made() -> None:
    world = World(1, faults=False)
    caller = asyncio.create_task(world.pipeline.ask(b"0"))
    await asyncio.sleep(0)
    assert [connection.is_open for connection in world.server.in_use] == [False]
    await world.pipeline.close()
    with pytest.raises(FailedError):
        await caller
    assert not world.server.in_use
    assert not any(connection.is_open for connection in world.server.free)
    await together(world, 2)
    await world.close()


async def test_it_can_end_before_it_has_begun() -> None:
    world = World(1, faults=False)
    await together(world, 1)
    callers = [asyncio.ensure_future(world.pipeline.ask(b"%d" % n)) for n in range(2)]
    await asyncio.sleep(0)
    callers[0].cancel()
    await world.pipeline.close()
    await asyncio.gather(*callers, return_exceptions=True)
    await together(world, 5)
    await world.close()


async def test_who_comes_alone_needs_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1, faults=False)
    await together(world, 1)
    world.server.slowness = 0.0
    tasks = asyncio.all_tasks()
    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "create_task", None)
        assert [await world.pipeline.ask(b"%d" % n) for n in range(3)] == [b"0", b"1", b"2"]
    assert asyncio.all_tasks() == tasks
    await world.close()
