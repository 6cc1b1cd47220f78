"""``prismiq changes``: triggers come and go, and the status says what is missing and why."""

from collections.abc import AsyncIterator, Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[str]]

TABLES = """
CREATE TABLE public.flights (id integer PRIMARY KEY);
CREATE TABLE public.days (day integer) PARTITION BY RANGE (day);
CREATE TABLE public.days_1 PARTITION OF public.days FOR VALUES FROM (0) TO (10);
CREATE VIEW public.both AS SELECT f.id FROM public.flights f JOIN public.days d ON f.id = d.day;
CREATE MATERIALIZED VIEW public.sums AS SELECT count(*) FROM public.flights;
CREATE VIEW public.dice AS SELECT random();
CREATE VIEW public.one AS SELECT 1 AS n;
CREATE ROLE watcher LOGIN;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO watcher;
"""


@pytest.fixture
async def reader(database: str, connection: Any, dsn_for: Callable[..., str]) -> AsyncIterator[str]:
    """The address of a role that owns nothing, on a database with TABLES."""
    await connection.execute(TABLES)
    yield dsn_for(database, "watcher")
    await connection.execute("DROP OWNED BY watcher; DROP ROLE watcher")


def coverage(done: CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Return (state, reason) by table."""
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines()[2:]:
        name, state, *reason = (part.strip() for part in line.split("  ") if part.strip())
        found[name] = (state, "".join(reason))
    return found


def test_install_status_and_uninstall(run: Run, reader: str, database: str) -> None:
    settings = {"PRISMIQ_DATABASE_URL": reader, "PRISMIQ_CHANGE_FEED": "notify"}
    before = run("changes", "status", **settings)
    assert coverage(before) == {
        "public.both": ("missing", "it reads public.days, public.flights"),
        "public.days": ("missing", ""),
        "public.dice": (
            "not possible",
            "its answers can change without a change of any table, so they are not kept",
        ),
        "public.flights": ("missing", ""),
        "public.one": ("installed", ""),
        "public.sums": (
            "not possible",
            "public.sums cannot have triggers: use the feed 'poll', or invalidate after each"
            " refresh",
        ),
    }
    command = "prismiq changes install public.days public.flights"
    assert before.stderr == f"To install what is missing: {command}\n"

    done = run("changes", "install", "days", "--database-url", database, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "public.days announces its changes now.\npublic.days_1 announces its changes now.\n"
    )
    found = coverage(run("changes", "status", **settings))
    assert found["public.days"] == ("installed", "")
    assert found["public.both"] == ("partial", "missing on public.flights")

    install_all = ("changes", "install", "days", "public.flights", "--database-url", database)
    assert run(*install_all, **settings).stdout == "public.flights announces its changes now.\n"
    assert run(*install_all, **settings).stdout == "Nothing had to be done.\n"
    assert coverage(run("changes", "status", **settings))["public.both"] == ("installed", "")

    done = run("changes", "uninstall", "days", "flights", "--database-url", database, **settings)
    assert done.stdout.count(" is silent now.\n") == 3
    assert coverage(run("changes", "status", **settings)) == coverage(before)


async def test_a_partition_that_came_later_is_partial(
    run: Run, reader: str, database: str, connection: Any
) -> None:
    run("changes", "install", "days", PRISMIQ_DATABASE_URL=database)
    await connection.execute(
        "CREATE TABLE public.days_2 PARTITION OF public.days FOR VALUES FROM (10) TO (20)"
    )
    found = coverage(run("changes", "status", PRISMIQ_DATABASE_URL=reader))
    assert found["public.days"] == ("partial", "missing on public.days_2")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("flihgts", 'There is no table "public.flihgts".'),
        (
            "both",
            '"public.both" is a view. Name what it reads: public.days, public.flights.',
        ),
        (
            "dice",
            '"public.dice" is a view whose answers can change by themselves, so they are not kept.',
        ),
        ("one", '"public.one" is a view that reads no table, so its answers never change.'),
        (
            "sums",
            '"public.sums" is a materialised view, which cannot have triggers: use the feed'
            " 'poll', or invalidate it after each refresh.",
        ),
        (
            "days_1",
            '"public.days_1" is a partition of "public.days": name that one, for all its'
            " partitions.",
        ),
        (
            "pg_catalog.pg_class",
            '"pg_catalog.pg_class" belongs to PostgreSQL itself and cannot announce changes.',
        ),
    ],
)
@pytest.mark.usefixtures("reader")
async def test_what_cannot_have_triggers_is_refused_with_advice(
    run: Run, database: str, connection: Any, table: str, sentence: str
) -> None:
    done = run("changes", "install", "flights", table, PRISMIQ_DATABASE_URL=database)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{sentence}\n")
    assert not await connection.fetchval(
        "SELECT count(*) FROM pg_trigger WHERE tgname = 'prismiq_announce_change'"
    )


@pytest.mark.usefixtures("reader")
async def test_a_foreign_table_anywhere_is_refused(
    run: Run, database: str, connection: Any
) -> None:
    await connection.execute(
        "CREATE FOREIGN DATA WRAPPER away; CREATE SERVER away FOREIGN DATA WRAPPER away;"
        "CREATE FOREIGN TABLE public.days_9 PARTITION OF public.days FOR VALUES FROM (90) TO (99)"
        " SERVER away"
    )
    done = run("changes", "install", "days", PRISMIQ_DATABASE_URL=database)
    assert done.returncode == 1
    assert done.stderr.startswith('"public.days" is a foreign table or has one among')


def test_a_reading_role_is_told_what_it_lacks(run: Run, reader: str) -> None:
    done = run("changes", "install", "flights", PRISMIQ_DATABASE_URL=reader)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'The database role does not own "public.flights".'
        " Give the owner's address with --database-url.\n"
    )


@pytest.mark.parametrize(
    ("feed", "hint"),
    [
        ("off", "Nobody hears of changes: PRISMIQ_CHANGE_FEED is off."),
        ("poll", "PRISMIQ_CHANGE_FEED is poll, which needs no triggers."),
    ],
)
def test_the_status_says_when_no_server_listens_to_triggers(
    run: Run, reader: str, feed: str, hint: str
) -> None:
    done = run("changes", "status", PRISMIQ_DATABASE_URL=reader, PRISMIQ_CHANGE_FEED=feed)
    assert hint in done.stderr


@pytest.mark.usefixtures("reader")
def test_installing_without_a_server_that_listens_is_pointed_out(run: Run, database: str) -> None:
    done = run("changes", "install", "flights", PRISMIQ_DATABASE_URL=database)
    assert done.stderr == "To hear of changes, servers need PRISMIQ_CHANGE_FEED=notify.\n"


@pytest.mark.usefixtures("reader")
async def test_names_can_be_pasted_and_reach_no_terminal_as_control_characters(
    run: Run, database: str, connection: Any
) -> None:
    await connection.execute('CREATE TABLE public."my \'t\x1b" (id integer)')
    done = run("changes", "status", PRISMIQ_DATABASE_URL=database)
    assert "\x1b" not in done.stdout + done.stderr
    assert """'public.my '"'"'t\\x1b'""" in done.stderr
