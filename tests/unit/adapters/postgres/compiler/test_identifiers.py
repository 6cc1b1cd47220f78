import pytest
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st

from prismiq.adapters.postgres.identifiers import quote_identifier


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("flights", '"flights"'),
        ('say "hi"', '"say ""hi"""'),
        ('"', '""""'),
        ("Select", '"Select"'),
        ("$1; --", '"$1; --"'),
        ("✈️", '"✈️"'),
    ],
)
def test_a_name_is_enclosed_and_its_quotes_doubled(name: str, quoted: str) -> None:
    assert quote_identifier(name) == quoted


@given(st.text(st.characters(exclude_characters="\x00", codec="utf-8"), min_size=1))
@example('a"; DROP TABLE x; --')
@example('""')
def test_an_independent_parser_reads_the_same_name(name: str) -> None:
    column = sqlglot.parse_one(f"SELECT {quote_identifier(name)}", read="postgres").expressions[0]
    assert column.name == name


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote_identifier("a\x00b")
