"""Nothing that is a secret is in what probes, scrapers and strangers are told."""

import httpx

from prismiq import Settings, create_app

WRONG = {"Authorization": "Bearer wrong-SECRET-4"}


async def test_no_secret_is_told(reader_dsn: str) -> None:
    user = "http_reader"
    settings = Settings(
        database_url=reader_dsn.replace(f"//{user}@", f"//{user}:db-SECRET-1@"),
        redis_url="redis://:redis-SECRET-2@127.0.0.1:1/0",
        admin_token="operators-SECRET-3",
        rate_limit_enabled=False,
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        health = await client.get("/health")
        assert health.json()["status"] == "degraded"  # the Redis is not there
        assert health.json()["checks"]["database"]["status"] == "healthy"
        told = [
            health,
            await client.get("/health/ready"),
            await client.get("/health/startup"),
            await client.get("/metrics", headers={"Cookie": "session=SECRET-5"}),
            await client.get("/metrics", headers={"Accept": "application/openmetrics-text"}),
            await client.get("/api/cache/stats", headers=WRONG),
            await client.get("/openapi.json"),
            await client.get("/SECRET-PATH-6"),
            await client.get("/metrics"),
        ]
        for response in told:
            assert "SECRET" not in response.text
            assert "SECRET" not in str(response.headers)
        assert {response.status_code for response in told} == {200, 401, 404}
