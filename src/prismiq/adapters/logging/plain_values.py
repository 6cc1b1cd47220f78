"""Any value as JSON can carry it: bounded, without secrets, and never an error."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import islice
from typing import Any

from prismiq.adapters.logging.redaction import Redactor
from prismiq.adapters.logging.secret_patterns import MASK

LONGEST_TEXT = 4_096
"""Characters of one value."""
LONGEST_NAME = 128

_MOST_NODES = 512
_MOST_ITEMS = 100
_DEEPEST = 8
_MOST_BITS = 256
_MARGIN = 1_024  # so that a secret is seen whole where a text is cut
_SEQUENCES = (list, tuple, set, frozenset, deque)


class PlainValues:
    """Turns values into text, numbers, lists and objects of bounded size.

    Args:
        redactor: masks secrets in texts, and values whose name says that they are secret.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def named(self, name: str, value: Any) -> Any:
        """Return the value of this name, masked if the name says so. Never raises."""
        if value is None or value is True or value is False:
            return value
        if self._redactor.hides(name):
            return MASK
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is int:
            return value if value.bit_length() <= _MOST_BITS else _huge(value)
        if kind is float:
            return value if math.isfinite(value) else _not_finite(value)
        return _Compound(self, self._redactor.hides).plain(value)

    def text(self, text: str, longest: int = LONGEST_TEXT) -> str:
        """Return valid Unicode without secrets, of about ``longest`` characters at most."""
        whole = len(text)
        if whole > longest:
            text = text[: longest + _MARGIN]
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        text = self._redactor.text(text)
        return text if whole <= longest else f"{text[:longest]}… ({whole} characters)"


class _Compound:
    """One value that has parts. It has so many nodes in all, and circles are cut."""

    def __init__(self, values: PlainValues, hides: Callable[[str], bool]) -> None:
        self._values = values
        self._hides = hides
        self._nodes = _MOST_NODES
        self._path: list[int] = []

    def plain(self, value: Any) -> Any:
        self._nodes -= 1
        if isinstance(value, Enum):
            value = value.value
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is float:
            return value if math.isfinite(value) else _not_finite(value)
        if kind is int:
            return value if value.bit_length() <= _MOST_BITS else _huge(value)
        if kind is str:
            return self._values.text(value)
        try:
            return self._parts(value)
        except Exception:  # noqa: BLE001 - of a class that is not ours, in any of its methods
            return f"<unprintable {kind.__name__}>"

    def _parts(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._inside(value, lambda: self._object(value.items(), len(value)))
        if isinstance(value, _SEQUENCES):
            return self._inside(value, lambda: self._list(value, len(value)))
        if is_dataclass(value) and not isinstance(value, type):
            shown = [(field.name, getattr(value, field.name)) for field in fields(value)]
            return self._inside(value, lambda: self._object(shown, len(shown)))
        return self._values.text(_written(value))

    def _inside(self, value: Any, make: Callable[[], Any]) -> Any:
        if id(value) in self._path:
            return "<circle>"
        if len(self._path) >= _DEEPEST:
            return "<deeper>"
        self._path.append(id(value))
        try:
            return make()
        finally:
            self._path.pop()

    def _list(self, items: Iterable[Any], count: int) -> list[Any]:
        plain = []
        for item in islice(items, _MOST_ITEMS):
            if self._nodes <= 0:
                break
            plain.append(self.plain(item))
        if count > len(plain):
            plain.append(f"… ({count} items)")
        return plain

    def _object(self, items: Iterable[tuple[Any, Any]], count: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, item in islice(items, _MOST_ITEMS):
            if self._nodes <= 0:
                break
            written = key if type(key) is str else str(self.plain(key))
            name = free_name(self._values.text(written, LONGEST_NAME), plain)
            hidden = self._hides(written) and item is not None and not isinstance(item, bool)
            plain[name] = MASK if hidden else self.plain(item)
        if count > len(plain):
            plain[free_name("…", plain)] = f"{count} items"
        return plain


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, with underscores behind it as long as it is taken."""
    while name in taken:
        name += "_"
    return name


def _written(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        shown = bytes(value[: LONGEST_TEXT + _MARGIN]).decode("utf-8", "backslashreplace")
        return shown if len(value) <= LONGEST_TEXT else f"{shown}… ({len(value)} bytes)"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, int | float):  # of a subclass
        return repr(value)
    return str(value)


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _huge(value: int) -> str:
    written = ""
    with suppress(ValueError):  # Python writes no decimals beyond some thousands of digits
        written = str(value)
    return written or f"<integer of {value.bit_length()} bits>"
