"""Queries are counted for the tenant, or for whoever asks where there is one tenant only."""

import asyncio

import pytest

from prismiq.domain.model.scope import Scope
from prismiq.domain.services.current_client import OwnWork, asking, client_of, own_work, working

EVERYBODY = Scope()


def test_a_tenant_is_one_client_whoever_asks_for_it() -> None:
    with asking("ip:203.0.113.7"):
        assert client_of(Scope(tenant="acme")) == "tenant:acme"


def test_the_default_tenant_is_as_many_clients_as_ask() -> None:
    assert client_of(EVERYBODY) is None
    with asking("ip:203.0.113.7"):
        assert client_of(EVERYBODY) == "ip:203.0.113.7"
        with asking("ip:203.0.113.8"):
            assert client_of(EVERYBODY) == "ip:203.0.113.8"
        assert client_of(EVERYBODY) == "ip:203.0.113.7"
    assert client_of(EVERYBODY) is None


async def test_tasks_keep_the_client_they_were_begun_for() -> None:
    async def named() -> str | None:
        await asyncio.sleep(0)
        return client_of(EVERYBODY)

    tasks = []
    for client in ("a", "b"):
        with asking(client):
            tasks.append(asyncio.create_task(named()))
    assert await asyncio.gather(*tasks) == ["a", "b"]


@pytest.mark.parametrize("kind", list(OwnWork))
async def test_what_nobody_waits_for_is_counted_for_nobody(kind: OwnWork) -> None:
    async def counted() -> list[str | None]:
        return [client_of(EVERYBODY), client_of(Scope(tenant="acme"))]

    with asking("ip:203.0.113.7"):
        with working(kind):
            task = asyncio.create_task(counted())
            assert own_work() is kind
        assert own_work() is None
        assert client_of(EVERYBODY) == "ip:203.0.113.7"
    assert await task == [None, None]
