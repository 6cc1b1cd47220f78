"""What only a real Redis can show about the store of limits."""

import asyncio
import random
import re
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_script import TAKE
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.rate_limits import HOUR, SECOND, Buckets, Decision, RateLimitConfig
from prismiq.domain.rules.token_bucket import full_at, standings, take

SPEC = RateLimitConfig()
PREFIX = "prismiq:limits:default:"
LARGEST = RateLimitConfig(
    burst_limit=9_999_991, requests_per_minute=9_999_973, requests_per_hour=9_999_971
)
CONFIGS = [
    SPEC,
    LARGEST,
    RateLimitConfig(burst_limit=7, requests_per_minute=61, requests_per_hour=997),
    RateLimitConfig(burst_limit=3, requests_per_minute=1_000, requests_per_hour=1_001),
    RateLimitConfig(burst_limit=1, requests_per_minute=1, requests_per_hour=1),
]
TOLD_TIME = TAKE.replace("redis.call('TIME')", "{tonumber(ARGV[5]), tonumber(ARGV[6])}")
FAR_AWAY = 4_102_444_800 * SECOND
"""The year 2100: what is kept there does not expire while a test runs."""

HAMMER = """
import asyncio, sys
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.domain.model.rate_limits import RateLimitConfig

async def main():
    limits = RateLimitConfig(burst_limit=500, requests_per_minute=500, requests_per_hour=500)
    connection = RedisConnection.to(sys.argv[1], deadline=30)
    await connection.connect()
    store = RedisLimitStore(connection, limits, prefix="hammered:")
    print("ready", flush=True)
    sys.stdin.readline()
    decisions = [d for _ in range(20) for d in
                 await asyncio.gather(*(store.take("one", 1) for _ in range(20)))]
    print(sum(d.allowed for d in decisions), min(d.now for d in decisions),
          max(d.now for d in decisions))
    await connection.disconnect()

asyncio.run(main())
"""


@pytest.fixture
async def connection(redis_url: str) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection.to(redis_url, deadline=5)
    await connection.client.flushall()
    yield connection
    await connection.disconnect()


@pytest.fixture
async def client(connection: RedisConnection) -> Redis:
    assert isinstance(connection.client, Redis)
    return connection.client


async def calls_of(client: Redis, command: str) -> int:
    statistics = await client.info("commandstats")
    return int(statistics.get(f"cmdstat_{command}", {"calls": 0})["calls"])


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
async def test_the_script_decides_as_the_rule_does(client: Redis, config: RateLimitConfig) -> None:
    """20,000 random operations for each of several limits, with time told to the script."""
    assert TOLD_TIME != TAKE
    sha = await client.script_load(TOLD_TIME)
    chance = random.Random(repr(config))
    limits = (config.burst_limit, config.requests_per_minute, config.requests_per_hour)
    clients: dict[str, Buckets] = {}
    now = FAR_AWAY
    outcomes = []
    for _ in range(40):
        expected, pipeline = [], client.pipeline(transaction=False)
        for _ in range(500):
            step = chance.choice([0, 1, SECOND // 7, SECOND, 10 * SECOND, HOUR])
            now += int(step * chance.random())
            if chance.random() < 0.01:
                now -= chance.choice([1, SECOND, HOUR])  # the server's clock is set
            name = chance.choice("abc")
            cost = chance.choice([1, 1, 1, 2, config.largest_cost])
            clients[name], decision = take(config, clients.get(name), now, cost)
            expected.append(decision)
            seconds, microseconds = divmod(now, SECOND)
            pipeline.evalsha(sha, 1, name, *limits, cost, seconds, microseconds)
        for answer, decision in zip(await pipeline.execute(), expected, strict=True):
            fits, second, micro, burst, minute, hour, *rests = map(int, answer.split())
            at = second * SECOND + micro
            moments = (burst, burst + minute, burst + hour)
            triples = zip(moments, rests, limits, strict=True)
            buckets = tuple(moment * limit + rest for moment, rest, limit in triples)
            refilled = tuple(
                max(moment, at * limit)
                for moment, limit in zip(decision.buckets, limits, strict=True)
            )
            assert (bool(fits), at, buckets) == (decision.allowed, decision.now, refilled)
            outcomes.append(decision.allowed)
    assert len(set(outcomes)) == 2
    assert max([await client.strlen(name) for name in "abc"]) <= 64


async def test_a_decision_is_one_round_trip(client: Redis, connection: RedisConnection) -> None:
    store = RedisLimitStore(connection, SPEC)
    await store.take("a", 1)  # sends the script
    await client.config_resetstat()
    for _ in range(25):
        await store.take("a", 1)
    assert await calls_of(client, "evalsha") == 25
    assert await calls_of(client, "eval") == 0
    assert await calls_of(client, "get") == 25
    assert await calls_of(client, "set") < 25  # denials write nothing


async def test_decisions_under_way_at_once_share_round_trips(
    client: Redis, connection: RedisConnection
) -> None:
    store = RedisLimitStore(connection, SPEC)
    await asyncio.gather(*(store.take("warm", 1) for _ in range(2)))  # opens both connections
    await client.config_resetstat()
    before = (await client.info("stats"))["total_reads_processed"]
    decisions = await asyncio.gather(*(store.take(f"client {n % 20}", 1) for n in range(60)))
    reads = (await client.info("stats"))["total_reads_processed"] - before
    assert reads <= 4  # who came first, all the others in one or two parts, and the question
    assert await calls_of(client, "evalsha") == 60
    assert [decision.allowed for decision in decisions] == [True] * 60


async def test_requests_of_one_client_are_decided_in_their_order(
    connection: RedisConnection,
) -> None:
    few = RateLimitConfig(burst_limit=7, requests_per_minute=7, requests_per_hour=7)
    store = RedisLimitStore(connection, few, prefix="few:")
    await store.take("warm", 1)
    first = asyncio.ensure_future(store.take("somebody", 1))
    taken = await asyncio.gather(*(store.take("a", 1) for _ in range(30)))
    assert [decision.allowed for decision in taken] == [True] * 7 + [False] * 23
    assert (await first).allowed


async def test_a_lost_script_does_not_charge_those_who_ask_together_twice(
    client: Redis, connection: RedisConnection
) -> None:
    store = RedisLimitStore(connection, SPEC)
    for _ in range(2):
        await client.script_flush()
        taken = await asyncio.gather(*(store.take(str(n % 8), 1) for n in range(40)))
        assert [decision.allowed for decision in taken] == [True] * 40
    hours = [standings(await store.peek(str(n)))[2].remaining for n in range(8)]
    assert hours == [990] * 8


async def test_connections_that_the_server_closed_are_replaced(
    client: Redis, connection: RedisConnection
) -> None:
    store = RedisLimitStore(connection, SPEC)
    for _ in range(3):
        await asyncio.gather(*(store.take("a", 1) for _ in range(3)))
        await client.client_kill_filter(_type="normal", skipme=True)
        while len(await client.client_list()) > 1:
            continue
        await asyncio.sleep(0)
    assert connection.is_available


async def test_who_leaves_does_not_disturb_others_who_wait_for_the_server(
    start_redis: Any,
) -> None:
    server = start_redis()
    connection = RedisConnection.to(server.url, deadline=10)
    store = RedisLimitStore(connection, SPEC)
    await asyncio.gather(*(store.take("warm", 1) for _ in range(2)))
    server.process.send_signal(signal.SIGSTOP)
    calls = [asyncio.ensure_future(store.take(str(n), n % 10 + 1)) for n in range(40)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for call in calls[::3]:
        call.cancel()
    server.process.send_signal(signal.SIGCONT)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for number, answer in enumerate(answers):
        if number % 3 == 0:
            assert isinstance(answer, asyncio.CancelledError)
        else:
            assert isinstance(answer, Decision)
            assert (answer.allowed, answer.cost) == (True, number % 10 + 1)
            assert standings(answer)[2].remaining == 1000 - answer.cost
    assert connection.is_available
    await connection.disconnect()


async def test_a_frozen_server_costs_a_crowd_one_deadline(start_redis: Any) -> None:
    server = start_redis()
    connection = RedisConnection.to(server.url, deadline=0.1)
    store = RedisLimitStore(connection, SPEC)
    changes: list[bool] = []
    connection.watch(changes.append)
    server.process.send_signal(signal.SIGSTOP)
    began = asyncio.get_running_loop().time()
    calls = (store.take(str(n), 1) for n in range(1_000))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailableError}
    assert asyncio.get_running_loop().time() - began < 2  # one deadline, and a busy machine
    assert changes == [False]
    server.process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(5):
        await connection.available()
    await connection.disconnect()


async def test_a_server_that_lost_the_script_is_sent_it_again(
    client: Redis, connection: RedisConnection
) -> None:
    store = RedisLimitStore(connection, SPEC)
    for _ in range(5):
        assert (await store.take("a", 2)).allowed
        await client.script_flush()
    assert not (await store.take("a", 2)).allowed


async def test_a_key_expires_in_the_millisecond_in_which_its_buckets_are_full(
    client: Redis, connection: RedisConnection
) -> None:
    for config in CONFIGS:
        store = RedisLimitStore(connection, config, prefix=f"{config!r}:")
        decision = await store.take("a", config.largest_cost)
        expires_at = await client.pttl(f"{config!r}:a")
        seconds, microseconds = await client.time()
        left = full_at(config, decision.buckets) / 1000 - (seconds * 1000 + microseconds / 1000)
        assert abs(expires_at - left) < 50
        assert await client.strlen(f"{config!r}:a") <= 64


async def test_a_full_bucket_leaves_nothing_behind(
    client: Redis, connection: RedisConnection
) -> None:
    fast = RateLimitConfig(
        burst_limit=1_000, requests_per_minute=60_000, requests_per_hour=3_600_000
    )
    store = RedisLimitStore(connection, fast)
    await store.take("a", 10)
    async with asyncio.timeout(5):
        while await client.exists(f"{PREFIX}a"):
            pass
    await store.peek("a")
    assert not await client.keys()


async def test_what_somebody_else_wrote_does_not_break_anything(
    client: Redis, connection: RedisConnection
) -> None:
    store = RedisLimitStore(connection, SPEC)
    await client.set(f"{PREFIX}a", "nonsense")
    assert (await store.take("a", 1)).allowed
    await client.delete(f"{PREFIX}a")
    await client.lpush(f"{PREFIX}a", "x")
    with pytest.raises(StoreUnavailableError):
        await store.take("a", 1)


async def test_limits_that_are_changed_keep_what_is_used(connection: RedisConnection) -> None:
    """Half of the old hour is half of the new one; a rolling deployment forgives nothing."""
    before = RateLimitConfig(burst_limit=999, requests_per_minute=999, requests_per_hour=999)
    after = RateLimitConfig(burst_limit=70, requests_per_minute=70, requests_per_hour=70)
    await RedisLimitStore(connection, before).take("a", 998)
    assert (await RedisLimitStore(connection, after).take("a", 1)).allowed is False


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("options", [{"decode_responses": True}, {"protocol": 3}, {"protocol": 2}])
async def test_clients_of_any_decoding_and_protocol_are_understood(
    redis_url: str, options: dict[str, Any]
) -> None:
    connection = RedisConnection(Redis.from_url(redis_url, **options), deadline=5)
    store = RedisLimitStore(connection, SPEC)
    assert [(await store.take("a", 5)).allowed for _ in range(3)] == [True, True, False]
    await connection.disconnect()


@pytest.mark.usefixtures("client")
async def test_four_processes_admit_exactly_the_limit(redis_url: str) -> None:
    """1,600 requests at once; 500 fit, and one more for each 7.2 seconds that it takes."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", HAMMER, redis_url, stdin=PIPE, stdout=PIPE
        )
        for _ in range(4)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    reports = [[int(number) for number in answer[0].split()] for answer in answers]
    admitted = sum(report[0] for report in reports)
    lasted = max(report[2] for report in reports) - min(report[1] for report in reports)
    assert 500 <= admitted <= 500 + lasted * 500 // HOUR


async def test_a_server_that_is_gone_is_unavailable(start_redis: Any) -> None:
    server = start_redis()
    connection = RedisConnection.to(server.url)
    store = RedisLimitStore(connection, SPEC)
    await store.take("a", 1)
    server.process.kill()
    server.process.wait()
    for call in (store.take("a", 1), store.peek("a"), store.reset("a")):
        with pytest.raises(StoreUnavailableError):
            await call
    await connection.disconnect()


async def test_a_call_that_was_given_up_does_not_answer_the_next_one(start_redis: Any) -> None:
    server = start_redis()
    connection = RedisConnection.to(server.url)
    store = RedisLimitStore(connection, SPEC)
    await store.take("a", 10)
    server.process.send_signal(signal.SIGSTOP)
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            await store.take("a", 1)
    server.process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(5):
        await connection.available()
    assert (await store.take("b", 4)).allowed
    assert (await store.take("c", 10)).allowed
    assert not (await store.take("b", 7)).allowed
    await connection.disconnect()


def test_the_script_uses_one_key_so_that_a_cluster_can_run_it() -> None:
    assert set(re.findall(r"KEYS\[\d\]", TAKE)) == {"KEYS[1]"}
    assert set(re.findall(r"redis\.call\('(\w+)', ([^,)]+)", TAKE)) == {
        ("GET", "KEYS[1]"),
        ("SET", "KEYS[1]"),
    }
