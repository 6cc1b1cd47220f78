"""Triggers are put where they belong, by those who may, and leave nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from tests.contracts.change_feed import NAMED, TABLES

from prismiq.adapters.postgres.change_triggers import PostgresChangeTriggers
from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError
from prismiq.domain.model.relation_kind import RelationKind

FLIGHTS, DAYS, PEOPLE = ("public", "flights"), ("public", "days"), ("public", "people")
DAYS_PLACES = {("public", name) for name in ("days", "days_1", "days_1_a", "days_1_b")}
PEOPLE_PLACES = {PEOPLE, ("public", "pilots")}
OURS = """
SELECT count(*) FILTER (WHERE what = 'schema') AS schemas,
    count(*) FILTER (WHERE what = 'function') AS functions,
    count(*) FILTER (WHERE what = 'trigger') AS triggers
FROM (
    SELECT 'schema' AS what FROM pg_namespace WHERE nspname = 'prismiq'
    UNION ALL SELECT 'function' FROM pg_proc WHERE proname = 'announce_change'
    UNION ALL SELECT 'trigger' FROM pg_trigger WHERE NOT tgisinternal
) AS found
"""
DsnFor = Callable[..., str]


@pytest.fixture
async def triggers(database: str, connection: Any) -> PostgresChangeTriggers:
    await connection.execute(TABLES)
    return PostgresChangeTriggers(database)


@pytest.fixture
async def owner(database: str, connection: Any, dsn_for: DsnFor) -> AsyncIterator[str]:
    """A role that owns the table public.flights and may create schemas, and nothing else."""
    await connection.execute(
        "CREATE ROLE captain LOGIN; ALTER TABLE public.flights OWNER TO captain;"
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO captain', current_database());"
        " END $$"
    )
    yield dsn_for(database, "captain")
    await connection.execute("DROP OWNED BY captain CASCADE; DROP ROLE captain")


async def ours(connection: Any) -> tuple[int, int, int]:
    return tuple(await connection.fetchrow(OURS))


async def test_partitions_and_heirs_at_all_levels_get_one_of_their_own(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    assert await triggers.install([DAYS, PEOPLE]) == DAYS_PLACES | PEOPLE_PLACES
    assert await ours(connection) == (1, 1, 6)


async def test_installing_again_changes_nothing(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await triggers.install(NAMED)
    before = await connection.fetch("SELECT oid FROM pg_trigger ORDER BY oid")
    assert await triggers.install(NAMED) == frozenset()
    assert await connection.fetch("SELECT oid FROM pg_trigger ORDER BY oid") == before


async def test_with_the_last_trigger_goes_all_else(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await triggers.install([DAYS, FLIGHTS])
    assert await triggers.uninstall([DAYS]) == DAYS_PLACES
    assert await ours(connection) == (1, 1, 1)
    assert await triggers.uninstall([DAYS, FLIGHTS]) == {FLIGHTS}
    assert await ours(connection) == (0, 0, 0)
    assert await triggers.uninstall([DAYS, FLIGHTS]) == frozenset()


async def test_a_schema_of_that_name_that_is_not_ours_stays(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await connection.execute("CREATE SCHEMA prismiq")
    await triggers.install([FLIGHTS])
    await triggers.uninstall([FLIGHTS])
    assert await ours(connection) == (1, 0, 0)


async def test_what_others_put_into_our_schema_keeps_it(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await triggers.install([FLIGHTS])
    await connection.execute("CREATE TABLE prismiq.notes (id integer)")
    await triggers.uninstall([FLIGHTS])
    assert await ours(connection) == (1, 0, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TRIGGER prismiq_announce_change ON public.days_1_a",
        "ALTER TABLE public.days_1_a DISABLE TRIGGER prismiq_announce_change",
        "ALTER TABLE public.days_1_a ENABLE TRIGGER prismiq_announce_change",
        "CREATE OR REPLACE TRIGGER prismiq_announce_change AFTER INSERT ON public.days_1_a"
        " EXECUTE FUNCTION prismiq.announce_change()",
        "CREATE OR REPLACE TRIGGER prismiq_announce_change"
        " AFTER INSERT OR UPDATE OR DELETE ON public.days_1_a"
        " FOR EACH ROW EXECUTE FUNCTION prismiq.announce_change()",
    ],
)
async def test_what_is_missing_or_damaged_is_seen_and_mended(
    triggers: PostgresChangeTriggers, connection: Any, damage: str
) -> None:
    await triggers.install([DAYS])
    await connection.execute(damage)
    places = (await triggers.read([DAYS]))[DAYS].places
    assert {place.name for place in places if not place.announces} == {("public", "days_1_a")}
    assert await triggers.install([DAYS]) == {("public", "days_1_a")}
    places = (await triggers.read([DAYS]))[DAYS].places
    assert all(place.announces for place in places)


async def test_a_partition_that_came_later_is_seen(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await triggers.install([DAYS])
    await connection.execute(
        "CREATE TABLE public.days_2 PARTITION OF public.days FOR VALUES FROM (10) TO (20)"
    )
    places = (await triggers.read([DAYS]))[DAYS].places
    assert [place.name for place in places if not place.announces] == [("public", "days_2")]


async def test_everything_that_can_be_named_is_told_by_its_kind(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await connection.execute(
        "CREATE VIEW public.v AS SELECT 1; CREATE MATERIALIZED VIEW public.m AS SELECT 1;"
        "CREATE FOREIGN DATA WRAPPER away; CREATE SERVER away FOREIGN DATA WRAPPER away;"
        "CREATE FOREIGN TABLE public.f (id integer) SERVER away;"
        "CREATE FOREIGN TABLE public.days_3 PARTITION OF public.days FOR VALUES FROM (20) TO (30)"
        " SERVER away; CREATE SEQUENCE public.s"
    )
    names = ["v", "m", "f", "days", "days_1_a", "flights", "s", "flights_pkey", "none"]
    found = await triggers.read([*(("public", name) for name in names), ("pg_catalog", "pg_class")])
    assert {name: table.kind for (_, name), table in found.items()} == {
        "v": RelationKind.VIEW,
        "m": RelationKind.MATERIALIZED_VIEW,
        "f": RelationKind.FOREIGN_TABLE,
        "days": RelationKind.PARTITIONED_TABLE,
        "days_1_a": RelationKind.TABLE,
        "flights": RelationKind.TABLE,
        "pg_class": RelationKind.TABLE,
    }
    assert {name for name, table in found.items() if table.is_system} == {
        ("pg_catalog", "pg_class")
    }
    assert {name: table.root for name, table in found.items() if table.root} == {
        ("public", "days_1_a"): DAYS
    }
    kinds = {place.name[1]: place.kind for place in found["public", "days"].places}
    assert kinds["days_3"] is RelationKind.FOREIGN_TABLE


async def test_a_role_without_rights_is_told_what_it_lacks(
    triggers: PostgresChangeTriggers, owner: str, connection: Any
) -> None:
    with pytest.raises(ConfigurationError, match=r'does not own "public\.days"\.'):
        await PostgresChangeTriggers(owner).install([FLIGHTS, DAYS])
    assert await ours(connection) == (0, 0, 0)
    await connection.execute(
        "DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM captain',"
        " current_database()); END $$"
    )
    with pytest.raises(ConfigurationError, match="CREATE on the database"):
        await PostgresChangeTriggers(owner).install([FLIGHTS])
    await triggers.install([FLIGHTS, DAYS])
    with pytest.raises(ConfigurationError, match="does not own"):
        await PostgresChangeTriggers(owner).uninstall([DAYS])
    assert await ours(connection) == (1, 1, 5)


async def test_an_owner_adds_to_what_a_superuser_has_begun(
    triggers: PostgresChangeTriggers, owner: str, connection: Any
) -> None:
    await triggers.install([DAYS])
    assert await PostgresChangeTriggers(owner).install([FLIGHTS]) == {FLIGHTS}
    assert await PostgresChangeTriggers(owner).uninstall([FLIGHTS]) == {FLIGHTS}
    assert await ours(connection) == (1, 1, 4)


async def test_nobody_is_made_to_run_the_function_of_a_role_they_need_not_trust(
    triggers: PostgresChangeTriggers, owner: str
) -> None:
    """It could be replaced later by one that acts as whoever writes to the table."""
    await PostgresChangeTriggers(owner).install([FLIGHTS])
    with pytest.raises(ConfigurationError, match=r'the owner of "public\.days"'):
        await triggers.install([DAYS])


async def test_a_function_of_another_version_is_renewed_by_its_owner_only(
    triggers: PostgresChangeTriggers, owner: str, connection: Any
) -> None:
    await triggers.install([DAYS])
    await connection.execute(
        "CREATE OR REPLACE FUNCTION prismiq.announce_change() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    with pytest.raises(ConfigurationError, match="another version"):
        await PostgresChangeTriggers(owner).install([FLIGHTS])
    await triggers.install([DAYS])
    assert await PostgresChangeTriggers(owner).install([FLIGHTS]) == {FLIGHTS}


async def test_a_function_that_shadows_a_built_in_one_is_not_called(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await triggers.install([FLIGHTS])
    await connection.execute(
        "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE 'hijacked'; END $$;"
        "SET search_path = public, pg_catalog"
    )
    await connection.execute("UPDATE public.flights SET delay = 1")


async def test_a_writer_needs_no_rights_on_what_was_installed(
    triggers: PostgresChangeTriggers, database: str, connection: Any, dsn_for: DsnFor
) -> None:
    await triggers.install([FLIGHTS])
    await connection.execute(
        "CREATE ROLE clerk LOGIN; GRANT INSERT ON public.flights TO clerk;"
        "REVOKE ALL ON SCHEMA prismiq FROM PUBLIC;"
        "REVOKE ALL ON FUNCTION prismiq.announce_change() FROM PUBLIC"
    )
    clerk = await asyncpg.connect(dsn_for(database, "clerk"))
    try:
        await clerk.execute("INSERT INTO public.flights VALUES (9, 9)")
    finally:
        await clerk.close()
        await connection.execute("DROP OWNED BY clerk; DROP ROLE clerk")


async def test_two_who_install_at_once_do_not_collide(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    installed = await asyncio.gather(*(triggers.install(NAMED) for _ in range(4)))
    assert sorted(map(len, installed))[:3] == [0, 0, 0]
    assert await ours(connection) == (1, 1, 9)


async def test_a_table_in_use_is_not_waited_for_without_end(
    triggers: PostgresChangeTriggers, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prismiq.adapters.postgres.change_triggers._LOCK_TIMEOUT", 0.1)
    async with connection.transaction():
        await connection.execute("UPDATE public.flights SET delay = 1")
        with pytest.raises(DatabaseUnavailableError, match="in use"):
            await triggers.install([FLIGHTS])
    assert await ours(connection) == (0, 0, 0)


async def test_a_session_that_may_only_read_is_told_so(
    triggers: PostgresChangeTriggers, connection: Any
) -> None:
    await connection.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
        " current_database()); END $$"
    )
    with pytest.raises(ConfigurationError, match="accepts no changes"):
        await triggers.install([FLIGHTS])


async def test_secrets_of_an_address_are_not_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        await PostgresChangeTriggers("postgresql://u:S3cr/et@h/db").read([FLIGHTS])
    assert "S3cr" not in caught.value.message
    assert caught.value.__cause__ is None
