"""``prismiq check``: the doctor finds what is wrong, and says it in a table."""

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[str]]


def findings(done: CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Return (mark, text) by subject."""
    assert done.stderr == ""
    rows = (line.split(maxsplit=2) for line in done.stdout.splitlines()[2:])
    return {subject: (mark, text) for mark, subject, text in rows}


def test_everything_is_well_with_a_reading_role(run: Run, flights_dsn: str, redis_url: str) -> None:
    done = run("check", PRISMIQ_DATABASE_URL=flights_dsn, PRISMIQ_REDIS_URL=redis_url)

    found = findings(done)
    assert done.returncode == 0
    assert {mark for mark, _ in found.values()} == {"ok"}
    assert set(found) == {"versions", "settings", "database", "privileges", "tables", "redis"}
    assert found["database"][1].startswith("PostgreSQL 18")
    assert found["privileges"][1] == "role prismiq_reader can only read"
    assert found["tables"][1] == "5 exposed"


def test_a_superuser_is_a_warning_and_no_failure(run: Run, database: str) -> None:
    done = run("check", PRISMIQ_DATABASE_URL=database)

    found = findings(done)
    assert done.returncode == 0
    assert found["privileges"][0] == "warning"
    assert "is a superuser" in found["privileges"][1]
    assert found["tables"] == ("warning", "schema public has no tables")


async def test_write_rights_and_bypassed_row_security_are_warnings(
    run: Run, database: str, connection: Any, dsn_for: Callable[..., str]
) -> None:
    await connection.execute(
        "CREATE ROLE busy LOGIN BYPASSRLS; CREATE TABLE public.notes (id integer PRIMARY KEY);"
        "GRANT SELECT, INSERT ON public.notes TO busy"
    )
    done = run("check", PRISMIQ_DATABASE_URL=dsn_for(database, "busy"))
    await connection.execute("DROP OWNED BY busy; DROP ROLE busy")

    mark, text = findings(done)["privileges"]
    assert (done.returncode, mark) == (0, "warning")
    assert "bypasses row-level security and may write to 1 table" in text


def test_a_feed_without_triggers_is_a_warning_that_names_the_tables(
    run: Run, flights_dsn: str
) -> None:
    done = run("check", PRISMIQ_DATABASE_URL=flights_dsn, PRISMIQ_CHANGE_FEED="notify")

    mark, text = findings(done)["changes"]
    assert (done.returncode, mark) == (0, "warning")
    assert text.startswith("notify, but not all of public.airlines, public.airports,")


def test_a_feed_that_polls_needs_nothing(run: Run, flights_dsn: str) -> None:
    done = run("check", PRISMIQ_DATABASE_URL=flights_dsn, PRISMIQ_CHANGE_FEED="poll")

    assert findings(done)["changes"] == ("ok", "announced by poll")


async def test_a_feed_with_all_triggers_is_well(run: Run, database: str, connection: Any) -> None:
    await connection.execute("CREATE TABLE public.notes (id integer)")
    run("changes", "install", "notes", PRISMIQ_DATABASE_URL=database)
    done = run("check", PRISMIQ_DATABASE_URL=database, PRISMIQ_CHANGE_FEED="notify")

    assert findings(done)["changes"] == ("ok", "announced by notify")


def test_a_database_that_is_down_is_a_failure_without_secrets(run: Run) -> None:
    done = run("check", PRISMIQ_DATABASE_URL="postgresql://someone:S3cr3t@127.0.0.1:1/none")

    assert done.returncode == 1
    assert findings(done)["database"] == (
        "failed",
        "The database cannot be reached at the moment.",
    )
    assert "S3cr3t" not in done.stdout


def test_a_redis_that_is_down_is_a_failure(run: Run, flights_dsn: str) -> None:
    settings = {
        "PRISMIQ_DATABASE_URL": flights_dsn,
        "PRISMIQ_REDIS_URL": "redis://:S3cr3t@127.0.0.1:1",
    }
    done = run("check", **settings)

    assert done.returncode == 1
    assert findings(done)["redis"][0] == "failed"
    assert "S3cr3t" not in done.stdout


def test_an_exposed_table_that_does_not_exist_is_a_failure(run: Run, flights_dsn: str) -> None:
    done = run("check", PRISMIQ_DATABASE_URL=flights_dsn, PRISMIQ_EXPOSED_TABLES="flihgts")

    assert done.returncode == 1
    mark, text = findings(done)["tables"]
    assert mark == "failed"
    assert 'Did you mean "flights"?' in text


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "PRISMIQ_DATABASE_URL"),
        (
            {"PRISMIQ_DATABASE_URL": "postgresql://u@h/d", "PRISMIQ_MAX_ROWS": "-1"},
            "PRISMIQ_MAX_ROWS",
        ),
    ],
)
def test_a_wrong_setting_is_a_failure_that_names_it(
    run: Run, settings: dict[str, str], named: str
) -> None:
    done = run("check", **settings)

    assert done.returncode == 1
    mark, text = findings(done)["settings"]
    assert mark == "failed"
    assert named in text
