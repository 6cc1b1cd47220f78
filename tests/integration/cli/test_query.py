"""``prismiq query``: the server's answers on the terminal."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[str]]

BY_CARRIER: dict[str, Any] = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [
        {"table_id": "f", "column": "carrier"},
        {"table_id": "f", "column": "*", "aggregation": "count", "alias": "flights"},
        {"table_id": "f", "column": "dep_delay", "aggregation": "avg", "alias": "delay"},
    ],
    "order_by": [{"column": "flights", "direction": "DESC"}],
}


@pytest.fixture
def ask(run: Run, flights_dsn: str) -> Run:
    """Ask the demo's data: ``ask(query, "--format", "csv")``."""

    def ask_flights(query: Any, *options: str, **settings: str) -> CompletedProcess[str]:
        text = query if isinstance(query, str) else json.dumps(query)
        environment = {"PRISMIQ_DATABASE_URL": flights_dsn, **settings}
        return run("query", "-", *options, text=text, **environment)

    return ask_flights


def test_json_is_the_body_that_the_server_sends(ask: Run) -> None:
    done = ask(BY_CARRIER, "--format", "json")

    assert (done.returncode, done.stderr) == (0, "")
    body = json.loads(done.stdout)
    assert set(body) == {
        *("columns", "column_types", "rows", "row_count", "truncated"),
        *("execution_time_ms", "cached_at", "is_from_cache"),
    }
    assert body["columns"] == ["carrier", "flights", "delay"]
    assert body["row_count"] == 16
    assert body["rows"][0][:2] == ["UA", 58_665]
    assert body["rows"][-1][:2] == ["OO", 32]


def test_csv_has_every_digit_and_nothing_for_null(ask: Run) -> None:
    query = {
        "tables": [{"id": "f", "name": "flights"}],
        "columns": [
            {"table_id": "f", "column": "tailnum"},
            {"table_id": "f", "column": "dep_delay", "aggregation": "avg"},
        ],
        "filters": [{"table_id": "f", "column": "tailnum", "operator": "is_null"}],
    }
    done = ask(query, "--format", "csv")
    averages = ask(BY_CARRIER, "--format", "csv")

    assert list(csv.reader(io.StringIO(done.stdout))) == [["tailnum", "avg_dep_delay"], ["", ""]]
    assert averages.stdout.splitlines()[1] == "UA,58665,12.1060728884596147"


def test_a_table_in_a_pipe_is_whole_and_without_colours(ask: Run) -> None:
    done = ask(BY_CARRIER)

    lines = done.stdout.splitlines()
    assert lines[0].split() == ["carrier", "flights", "delay"]
    assert lines[2].split() == ["UA", "58665", "12.1060728884596147"]
    assert lines[2].index("58665") + 5 == lines[17].index("32") + 2, "numbers end in one column"
    assert "\x1b" not in done.stdout


def test_an_answer_that_was_cut_says_so_beside_it(ask: Run) -> None:
    done = ask(BY_CARRIER, "--format", "csv", PRISMIQ_MAX_ROWS="3")

    assert len(done.stdout.splitlines()) == 4
    assert done.stderr == "Only the first 3 rows: more follow.\n"


def test_a_query_is_read_from_a_file_and_from_an_envelope(
    run: Run, flights_dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "by-carrier.json"
    file.write_text(json.dumps({"query": BY_CARRIER}))

    done = run("query", str(file), "--format", "csv", PRISMIQ_DATABASE_URL=flights_dsn)

    assert done.stdout.startswith("carrier,flights,delay\nUA,58665,")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "The query is not valid JSON: EOF while parsing an object at line 1 column 1."),
        ("", "The query is not valid JSON: EOF while parsing a value at line 1 column 0."),
        ('{"tables": [], "sql": "SELECT 1"}', "'sql' is not a known field."),
    ],
)
def test_what_is_no_query_is_refused_in_a_sentence(ask: Run, text: str, sentence: str) -> None:
    done = ask(text)

    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_every_problem_is_named_with_a_suggestion(ask: Run) -> None:
    query = {
        "tables": [{"id": "f", "name": "flights"}],
        "columns": [
            {"table_id": "f", "column": "carier"},
            {"table_id": "f", "column": "distanse"},
        ],
    }
    done = ask(query)

    first, second = done.stderr.splitlines()
    assert done.returncode == 1
    assert "carier" in first
    assert first.endswith('Did you mean "carrier"?')
    assert second.endswith('Did you mean "distance"?')


def test_a_missing_file_and_an_unknown_format_are_wrong_usage(run: Run) -> None:
    assert run("query", "no-such-file.json").returncode == 2
    assert run("query", "-", "--format", "xml", text="{}").returncode == 2


def test_a_reader_that_leaves_early_sees_no_traceback(flights_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    columns = [{"table_id": "f", "column": name} for name in ("carrier", "origin", "time_hour")]
    file.write_text(json.dumps({"tables": [{"id": "f", "name": "flights"}], "columns": columns}))
    prismiq = shlex.quote(str(Path(sys.executable).with_name("prismiq")))
    command = f"{prismiq} query {file} --format csv | head -n 1"

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, "PRISMIQ_DATABASE_URL": flights_dsn},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "carrier,origin,time_hour\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
