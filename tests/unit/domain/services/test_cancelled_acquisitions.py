"""A token that was granted to somebody who had left by then is given back."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.services.cancelled_acquisitions import CancelledAcquisitions

LetOthersRun = Callable[[], Awaitable[None]]


class Store:
    """Answers when it may, with a token, with None or not at all."""

    def __init__(self, token: str | None = "token", *, is_gone: bool = False) -> None:
        self.may_answer = asyncio.Event()
        self.returned: list[str] = []
        self._token = token
        self._is_gone = is_gone

    async def acquire(self) -> str | None:
        await self.may_answer.wait()
        if self._is_gone:
            raise StoreUnavailableError
        return self._token

    async def give_back(self, token: str) -> None:
        self.returned.append(token)
        if self._token == "lost":
            raise StoreUnavailableError


@pytest.mark.parametrize("token", ["token", None])
async def test_who_waits_is_given_what_there_is(token: str | None) -> None:
    store = Store(token)
    store.may_answer.set()
    assert await CancelledAcquisitions().acquire(store.acquire(), store.give_back) == token
    assert not store.returned


async def test_who_waits_learns_that_the_store_is_gone() -> None:
    store = Store(is_gone=True)
    store.may_answer.set()
    with pytest.raises(StoreUnavailableError):
        await CancelledAcquisitions().acquire(store.acquire(), store.give_back)


@pytest.mark.parametrize(
    ("store", "returned"),
    [
        (Store("token"), ["token"]),
        (Store("lost"), ["lost"]),
        (Store(None), []),
        (Store(is_gone=True), []),
    ],
    ids=["granted", "cannot be given back", "refused", "gone"],
)
async def test_what_comes_too_late_is_given_back(
    store: Store, returned: list[str], let_others_run: LetOthersRun
) -> None:
    acquisitions = CancelledAcquisitions()
    waiting = asyncio.create_task(acquisitions.acquire(store.acquire(), store.give_back))
    await let_others_run()
    waiting.cancel()
    await let_others_run()
    assert waiting.cancelled()
    assert not store.returned
    store.may_answer.set()
    await let_others_run()
    assert store.returned == returned
