"""Short commands on connections that are kept; those of many callers travel together.

The driver's client does much for each command that is the same every time: it takes a connection
out of the pool and gives it back, measures, retries, packs. For a command that the server answers
in microseconds that is most of the cost. Who asks while nobody else does sends a command at once,
over a connection that is held. Who asks meanwhile is put into a pipeline with all others who do:
one write, and the replies in the order of the commands. Either way it is one round trip.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, cast

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError, ResponseError

from prismiq.adapters.redis.deadlines import Deadlines
from prismiq.domain.model.errors import StoreUnavailableError

_Call: TypeAlias = "tuple[bytes, asyncio.Future[Any]]"

_PIPELINES = 3
"""At once. The more there are, the less callers wait for the next, and the fewer share one."""
CONNECTIONS = _PIPELINES + 1


class AutoPipeline:
    """Sends packed commands to one server.

    A caller who is cancelled harms no other. Connections are opened when they are needed; one
    that failed, or over which a reply may still come, is not used again.

    Args:
        pool: of the driver; up to ``CONNECTIONS`` of it are held.
        deadline: seconds within which what was sent must be answered, connecting included.
        failure: makes what callers are told of what the driver raises. Of a pipeline that failed it
            is asked for every caller, also if none of them is there any more.
        most_together: commands in one pipeline, which have one deadline together.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        deadline: float,
        failure: Callable[[Exception], Exception],
        *,
        most_together: int = 64,
    ) -> None:
        self._pool = pool
        self._deadlines = Deadlines(deadline)
        self._failure = failure
        self._most_together = most_together
        self._waiting: deque[_Call] = deque()
        self._idle: list[AbstractConnection] = []
        self._is_somebody_alone = False
        self._pipelines: set[asyncio.Task[None]] = set()
        self._is_one_starting = False

    async def ask(self, command: bytes) -> Any:
        """Return the reply to a packed command, texts in it as bytes.

        Raises:
            StoreUnavailableError: it was not sent, and it will not be.
            Exception: what ``failure`` makes of what the driver raised.
        """
        if self._is_somebody_alone or self._pipelines:
            return await self._ask_with_others(command)
        self._is_somebody_alone = True
        try:
            (reply,) = await self._exchange((command,), [])
        except Exception as error:  # of a reply that is none, the driver raises whatever it meets
            raise self._failure(error) from error
        finally:
            self._is_somebody_alone = False
        if isinstance(reply, ResponseError):
            raise self._failure(reply) from reply
        return reply

    def refuse_waiting(self) -> None:
        """Tell those whose command was not sent yet that it will not be."""
        _refuse(self._waiting)
        self._waiting.clear()

    async def drop_idle(self) -> None:
        """Give connections up that nobody uses: they may lead to a server that is gone."""
        while self._idle:
            await self._pool.release(self._idle.pop())

    async def close(self) -> None:
        """End what is under way, and give up the connections."""
        self.refuse_waiting()
        for pipeline in self._pipelines:
            pipeline.cancel()
        await asyncio.gather(*self._pipelines, return_exceptions=True)
        self._is_one_starting = False
        await self.drop_idle()
        self._deadlines.stop()

    def _ask_with_others(self, command: bytes) -> "asyncio.Future[Any]":
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        self._start()
        return answer

    def _start(self) -> None:
        """Have a pipeline begin, after all who are about to ask in this turn of the loop."""
        if self._is_one_starting or len(self._pipelines) >= _PIPELINES:
            return  # those there are do not end before nobody waits
        self._is_one_starting = True
        pipeline = asyncio.create_task(self._serve())
        self._pipelines.add(pipeline)
        pipeline.add_done_callback(self._pipelines.discard)

    async def _serve(self) -> None:
        self._is_one_starting = False
        try:
            while calls := self._next():
                if self._waiting:
                    self._start()
                await self._answer(calls)
        finally:
            # At once: who asks next has to see that this one takes nobody along any more.
            self._pipelines.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _answer(self, calls: Sequence[_Call]) -> None:
        replies: list[Any] = []
        try:
            await self._exchange([command for command, _ in calls], replies)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            replies += [error] * (len(calls) - len(replies))
        except asyncio.CancelledError:
            _refuse(calls)
            raise
        for (_, answer), reply in zip(calls, replies, strict=True):
            self._settle(answer, reply)

    def _next(self) -> list[_Call]:
        """Return those who go together, without those who are not there any more."""
        calls: list[_Call] = []
        while self._waiting and len(calls) < self._most_together:
            call = self._waiting.popleft()
            if not call[1].done():
                calls.append(call)
        return calls

    async def _exchange(self, commands: Sequence[bytes], replies: list[Any]) -> list[Any]:
        """Send the commands, and append the replies that come, errors among them."""
        async with asyncio.timeout(None) as timeout:
            self._deadlines.begin(timeout)
            try:
                connection = await self._connection()
                try:
                    await connection.send_packed_command(commands, check_health=False)
                    for _ in commands:
                        reply = await _reply(connection)
                        replies.append(reply)
                except BaseException:
                    await self._pool.release(connection)  # the driver has closed it
                    raise
            finally:
                self._deadlines.end(timeout)
        self._idle.append(connection)
        return replies

    async def _connection(self) -> AbstractConnection:
        while self._idle:
            connection = self._idle.pop()
            if await _is_open(connection):
                return connection
            await self._pool.release(connection)
        made: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        return made

    def _settle(self, answer: "asyncio.Future[Any]", reply: Any) -> None:
        if isinstance(reply, Exception):
            failure = self._failure(reply)
            failure.__cause__ = reply
            if not answer.done():
                answer.set_exception(failure)
        elif not answer.done():
            answer.set_result(reply)


async def _is_open(connection: AbstractConnection) -> bool:
    """Return whether the server has not closed a connection meanwhile, nor said anything."""
    try:
        return not await connection.can_read()
    except RedisError:
        return False


async def _reply(connection: AbstractConnection) -> Any:
    try:
        return await connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return error


def _refuse(calls: Iterable[_Call]) -> None:
    for _, answer in calls:
        if not answer.done():
            answer.set_exception(StoreUnavailableError())
