"""CSV keeps every digit, tells null from nothing, and starts no formula."""

import csv
import io

import pytest

from prismiq.entrypoints.cli.cells import read_rows
from prismiq.entrypoints.cli.csv_format import csv_lines


def written(rows_json: str, *columns: str) -> list[str]:
    return list(csv_lines(columns, read_rows(rows_json.encode())))


def test_numbers_keep_every_digit() -> None:
    digits = "12345678901234567890.123456789012345678900"
    assert written(f"[[{digits},1e400,-0.10]]", "a", "b", "c") == ["a,b,c", f"{digits},1e400,-0.10"]


def test_null_is_an_empty_field_and_an_empty_text_is_quoted() -> None:
    assert written('[[null,"",1]]', "a", "b", "c")[1] == ',"",1'


def test_booleans_and_structures_are_json() -> None:
    line = written('[[true,[1.50,null,"é"],{"k":0.10}]]', "a", "b", "c")[1]
    assert line == 'true,"[1.50,null,""é""]","{""k"":0.10}"'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_looks_like_a_formula_is_disarmed(text: str) -> None:
    rows = list(csv.reader(io.StringIO("\n".join(csv_lines(["a"], [[text]])), newline="")))
    assert rows[1] == [f"'{text}"]


def test_negative_numbers_are_no_formula() -> None:
    assert written("[[-5]]", "a") == ["a", "-5"]


@pytest.mark.parametrize("text", ['say "hi"', "a,b", "two\nlines", "two\r\nlines", " padded "])
def test_any_text_comes_back_from_a_csv_reader(text: str) -> None:
    document = "\n".join(csv_lines([text, "b"], [[text, "x"]]))
    assert list(csv.reader(io.StringIO(document, newline=""))) == [[text, "b"], [text, "x"]]
