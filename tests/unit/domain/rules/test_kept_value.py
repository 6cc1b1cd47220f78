from typing import Any

import pytest

from prismiq.domain.rules.kept_value import as_kept, from_kept
from prismiq.domain.rules.value_codec import CorruptValueError, encode_value


def test_bytes_are_kept_as_they_are() -> None:
    body = b'{"rows": []}'
    assert as_kept(body) is body
    assert from_kept(body) is body


@pytest.mark.parametrize("value", [encode_value([1]), b"\x93pv", b"\x93pv\x02 a later version"])
def test_bytes_that_look_encoded_come_back_as_bytes(value: bytes) -> None:
    assert from_kept(as_kept(value)) == value


@pytest.mark.parametrize("value", ["text", None, [1, (2,)], bytearray(b"x")])
def test_all_else_is_encoded_or_refused(value: Any) -> None:
    if isinstance(value, bytearray):
        with pytest.raises(TypeError):
            as_kept(value)
    else:
        assert from_kept(as_kept(value)) == value


def test_damage_is_noticed() -> None:
    with pytest.raises(CorruptValueError):
        from_kept(as_kept(["value"])[:-1])
