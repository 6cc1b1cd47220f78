"""A command, as it is written in Redis' protocol: an array of strings."""

from itertools import chain
from typing import TypeAlias

Argument: TypeAlias = bytes | str | int


class Command:
    """A command of which most arguments never change, so that they are packed once.

    The driver's own packing of ten arguments takes longer than the server takes for the command.
    https://redis.io/docs/latest/develop/reference/protocol-spec/

    Args:
        name: of the command.
        arguments: those that are fixed, and None for each that is given with a call.
    """

    def __init__(self, name: str, *arguments: Argument | None) -> None:
        self._arguments = (name, *arguments)
        strings = [b"$%d\r\n%b\r\n" if each is None else _string(each) for each in self._arguments]
        self._form = b"*%d\r\n%b" % (len(strings), b"".join(strings))

    def packed(self, *given: bytes) -> bytes:
        """Return the command as it is sent."""
        return self._form % tuple(chain.from_iterable([(len(each), each) for each in given]))

    def arguments(self, *given: bytes) -> list[Argument]:
        """Return the command as the driver takes it: its name, and all arguments."""
        rest = iter(given)
        return [next(rest) if each is None else each for each in self._arguments]


def as_bytes(text: str) -> bytes:
    """Return the text as it is in Redis. Any text can be a key, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def _string(value: Argument) -> bytes:
    text = value if isinstance(value, bytes) else as_bytes(str(value))
    return b"$%d\r\n%b\r\n" % (len(text), text.replace(b"%", b"%%"))
