"""The Redis probe, without a server: what a fake can answer, and what URLs say."""

import fakeredis
import pytest

from prismiq.adapters.redis import connection
from prismiq.adapters.redis.probe import RedisStoreProbe
from prismiq.domain.model.errors import ConfigurationError, StoreUnavailableError

MALFORMED = [
    "",
    "localhost:6379",
    "http://localhost",
    "redis://:S3cr/et@localhost/0",
    "redis://localhost:S3cret",
    "redis://localhost:99999999/0",
    "redis://[::1",
    "redis://localhost/0?S3cret=1",
    "redis+sentinel://:S3cret@localhost:26379",
    "redis+cluster://:S3cret@localhost:7000/1",
]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> fakeredis.FakeServer:
    server = fakeredis.FakeServer()
    monkeypatch.setattr(
        connection, "client_for", lambda _url, **_options: fakeredis.FakeAsyncRedis(server=server)
    )
    return server


@pytest.mark.usefixtures("fake")
async def test_a_store_that_answers_tells_its_version() -> None:
    assert await RedisStoreProbe("redis://localhost/0").check()


async def test_a_store_that_is_gone_is_unavailable(fake: fakeredis.FakeServer) -> None:
    fake.connected = False
    with pytest.raises(StoreUnavailableError):
        await RedisStoreProbe("redis://localhost/0").check()


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisStoreProbe(url)
    assert "Redis URL" in caught.value.message
    assert "S3cr" not in caught.value.message
    assert caught.value.__suppress_context__
