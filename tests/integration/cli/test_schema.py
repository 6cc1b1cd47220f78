"""``prismiq schema``: what may be asked about."""

from collections.abc import Callable
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]


def test_all_tables_are_listed_with_their_descriptions(run: Run, flights_dsn: str) -> None:
    done = run("schema", PRISMIQ_DATABASE_URL=flights_dsn)

    assert done.returncode == 0
    tables = {line.split()[1]: line for line in done.stdout.splitlines()[2:]}
    assert set(tables) == {"airlines", "airports", "flights", "planes", "weather"}
    assert "336,776" in tables["flights"]
    assert tables["flights"].endswith("All flights that left New York City in 2013")


def test_one_table_is_shown_with_types_and_keys(run: Run, flights_dsn: str) -> None:
    done = run("schema", "flights", PRISMIQ_DATABASE_URL=flights_dsn)

    columns = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines()[2:]}
    assert columns["time_hour"] == "timestamp with time zone no primary Scheduled hour of departure"
    assert columns["origin"] == "text no → airports.faa Airport of departure"
    assert columns["dep_delay"].startswith("integer yes")


def test_a_table_that_is_not_there_is_said_with_a_suggestion(run: Run, flights_dsn: str) -> None:
    done = run("schema", "flihgts", PRISMIQ_DATABASE_URL=flights_dsn)

    assert (done.returncode, done.stdout) == (1, "")
    assert 'Did you mean "flights"?' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_table_that_is_not_exposed_is_not_there(run: Run, flights_dsn: str) -> None:
    settings = {"PRISMIQ_DATABASE_URL": flights_dsn, "PRISMIQ_EXPOSED_TABLES": "airlines"}

    assert "flights" not in run("schema", **settings).stdout
    assert run("schema", "flights", **settings).returncode == 1
