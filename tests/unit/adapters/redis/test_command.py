import pytest
from redis.asyncio.connection import Connection

from prismiq.adapters.redis.command import Command

HOSTILE = [b"", b"with space\r\nSET x 1", b"%b %d %%", b"$1\r\n", b"\x00\xff", b"x" * 100_000]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:9]))
def test_a_command_is_packed_as_the_driver_packs_it(text: bytes) -> None:
    expected = b"".join(Connection().pack_command("EVALSHA", "ключ", 1, text, -7, text, b"1"))
    command = Command("EVALSHA", "ключ", 1, None, -7, text, None)
    assert command.packed(text, b"1") == expected
    assert command.packed(text, b"1") == expected


def test_a_command_with_nothing_left_open_is_whole() -> None:
    assert Command("SET", "a%b", b"100%").packed() == b"".join(
        Connection().pack_command("SET", "a%b", b"100%")
    )


def test_the_driver_gets_the_same_arguments() -> None:
    command = Command("EVALSHA", "sha", 1, None, 10, None)
    assert command.arguments(b"key", b"2") == ["EVALSHA", "sha", 1, b"key", 10, b"2"]


@pytest.mark.parametrize("given", [(), (b"1", b"2")])
def test_what_is_left_open_is_given(given: tuple[bytes, ...]) -> None:
    with pytest.raises(TypeError):
        Command("GET", None).packed(*given)


def test_a_lone_surrogate_can_be_an_argument() -> None:
    assert Command("GET", "\udc80").packed() == b"*2\r\n$3\r\nGET\r\n$3\r\n\xed\xb2\x80\r\n"
