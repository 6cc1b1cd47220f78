"""The table and the sentence at the end of the benchmark."""

from io import StringIO

from bench.report import report, summary
from bench.verdict import Observation, Row, Verdict
from rich.console import Console

ROWS: list[Row] = [
    Verdict("hits", "bare", "requests/s", ours=4e3, floor=1e4, target=0.5, at_least=True),
    Verdict("key", "JSON", "µs", ours=1.23456, floor=6.0, target=None, at_least=False),
    Observation("stampede", "computations", ours=1, target=1, floor_name="peer", floor=200),
    Observation("old answer served", "yes or no", ours=False, target=False, floor=True),
]


def printed() -> list[list[str]]:
    console = Console(file=StringIO(), width=200, color_system=None)
    console.print(report(ROWS))
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_every_row_shows_what_was_found_beside_its_floor_its_target_and_the_verdict() -> None:
    cells = printed()
    assert ["hits", "4,000.0", "10,000.0", "requests/s", "bare", "0.40", "≥ 0.5", "missed"] in cells
    assert ["key", "1.23", "6", "µs", "JSON", "0.21"] in cells
    assert ["stampede", "1", "200", "computations", "peer", "≤ 1", "holds"] in cells
    assert ["old answer served", "no", "yes", "yes or no", "no", "holds"] in cells


def test_the_sentence_names_what_was_missed() -> None:
    assert summary(ROWS) == "2 of 3 targets hold. Missed: hits (bare)."
    assert summary(ROWS[1:]) == "2 of 2 targets hold."
