"""Tables show values as they are and let nothing through to the terminal."""

from rich.console import Console

from prismiq.entrypoints.cli.cells import read_rows, visible
from prismiq.entrypoints.cli.table_format import result_table


def drawn(rows_json: str, columns: list[str], numeric: list[bool]) -> list[str]:
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(result_table(columns, numeric, read_rows(rows_json.encode())))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_numbers_are_aligned_to_the_right() -> None:
    lines = drawn('[["UA",58665],["OO",32]]', ["carrier", "flights"], [False, True])
    assert lines[0] == "carrier   flights"
    assert lines[2:] == ["UA          58665", "OO             32"]


def test_null_is_shown_as_a_word() -> None:
    assert drawn("[[null]]", ["tailnum"], [False])[2] == "null"


def test_markup_is_text() -> None:
    assert drawn('[["[bold]x[/]"]]', ["[red]a"], [False])[::2] == ["[red]a", "[bold]x[/]"]


def test_control_characters_are_spelled_out() -> None:
    assert visible("\x1b[31mred\x07\x9b\u202e") == "\\x1b[31mred\\x07\\x9b\\u202e"
    assert drawn('[["\\u001b]0;x\\u0007"]]', ["a"], [False])[2] == "\\x1b]0;x\\x07"


def test_plain_text_stays_as_it_is() -> None:
    assert visible("Zürich 東京 😀") == "Zürich 東京 😀"
