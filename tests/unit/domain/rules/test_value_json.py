"""Parameters are shown in the forms that answers use."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from prismiq.domain.model.result import CompiledSql
from prismiq.domain.rules.value_json import encode_sql


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (2**63, "9223372036854775808"),
        (0.1, "0.1"),
        (Decimal("12345678901234567890.123456789000"), "12345678901234567890.123456789000"),
        (Decimal("1E+30"), "1E+30"),
        (Decimal("NaN"), '"NaN"'),
        (float("inf"), '"Infinity"'),
        (Decimal("-Infinity"), '"-Infinity"'),
        ('say "hi"\n\x00', '"say \\"hi\\"\\n\\u0000"'),
        (date(2013, 1, 2), '"2013-01-02"'),
        (time(1, 2, 3), '"01:02:03"'),
        (datetime(2013, 1, 2, 3, 4, tzinfo=UTC), '"2013-01-02T03:04:00+00:00"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (b"\x00\xff", '"\\\\x00ff"'),
        ((1, ("a", None)), '[1,["a",null]]'),
        ((), "[]"),
    ],
)
def test_every_value_has_a_form_in_json(value: Any, text: str) -> None:
    encoded = encode_sql(CompiledSql(sql="SELECT $1", parameters=[value]))
    assert encoded.decode() == f'{{"sql":"SELECT $1","parameters":[{text}]}}'
    json.loads(encoded)
