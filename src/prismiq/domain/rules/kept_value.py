"""What every cache backend keeps: bytes that are given as they are, all else encoded."""

from typing import Any

from prismiq.domain.rules.value_codec import ENCODED_MARK, encode_value
from prismiq.domain.rules.value_codec import decode_value as _decoded


def as_kept(value: Any) -> bytes:
    """Return the bytes to keep. Bytes are not copied.

    Bytes that begin like an encoded value are encoded too, so that they are not mistaken for one.

    Raises:
        TypeError, ValueError: see ``encode_value``.
    """
    if type(value) is bytes and not value.startswith(ENCODED_MARK):
        return value
    return encode_value(value)


def from_kept(kept: bytes) -> Any:
    """Return the value that ``as_kept`` was given.

    Raises:
        CorruptValueError: the bytes are damaged, or of another version.
    """
    return _decoded(kept) if kept.startswith(ENCODED_MARK) else kept
