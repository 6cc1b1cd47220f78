"""Limits of a server with several processes, seen over HTTP and from a terminal."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
from tests.integration.cli.serving import serving

Run = Callable[..., CompletedProcess[str]]

ORIGIN = "https://app.example.com"
TEN_AN_HOUR = {
    "PRISMIQ_RATE_LIMIT_ENABLED": "true",
    "PRISMIQ_RATE_LIMIT_BURST": "10",
    "PRISMIQ_RATE_LIMIT_PER_MINUTE": "10",
    "PRISMIQ_RATE_LIMIT_PER_HOUR": "10",
}


def test_workers_admit_exactly_the_limit_and_operators_forgive(
    run: Run, flights_dsn: str, start_redis: Any, tmp_path: Path
) -> None:
    settings = {
        **TEN_AN_HOUR,
        "PRISMIQ_REDIS_URL": start_redis().url,
        "PRISMIQ_CORS_ORIGINS": ORIGIN,
        "PRISMIQ_ADMIN_TOKEN": "t0ken",
    }
    shared = {"PRISMIQ_DATABASE_URL": flights_dsn, **settings}
    with serving(tmp_path, flights_dsn, "--workers", "2", **settings) as server:
        url = f"http://127.0.0.1:{server.port}/api"

        def ask(_number: int) -> httpx.Response:
            return httpx.get(f"{url}/tables", headers={"Origin": ORIGIN})  # a new connection

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, range(60)))
        assert Counter(answer.status_code for answer in answers) == {200: 10, 429: 50}
        for answer in answers:
            assert answer.headers["access-control-allow-origin"] == ORIGIN
            exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
            told = [name for name in answer.headers if "ratelimit" in name or "retry" in name]
            assert len(told) == (5 if answer.status_code == 200 else 6)
            assert set(told) <= set(exposed)

        peeked = run("limits", "peek", "ip:127.0.0.1", **shared)
        assert (peeked.returncode, peeked.stderr) == (0, "")
        hour = next(line for line in peeked.stdout.splitlines() if "hour" in line)
        assert hour.split()[:4] == ["default", "hour", "0", "10"]

        done = run("limits", "reset", "ip:127.0.0.1", **shared)
        assert done.returncode == 0
        token = {"Authorization": "Bearer t0ken"}
        seen = httpx.get(f"{url}/limits/ip:127.0.0.1", headers=token)
        while seen.status_code == 429:  # a worker believes its last denial for a second
            seen = httpx.get(f"{url}/limits/ip:127.0.0.1", headers=token)
        assert seen.json()["policies"][0]["windows"][2]["limit"] == 10


def test_without_redis_it_says_where_the_limits_are(run: Run, flights_dsn: str) -> None:
    done = run("limits", "peek", "ip:127.0.0.1", PRISMIQ_DATABASE_URL=flights_dsn)
    assert done.returncode == 1
    assert "PRISMIQ_REDIS_URL is not set" in done.stderr
    assert "Traceback" not in done.stderr
