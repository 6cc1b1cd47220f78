"""The engine refuses wrong arguments, and says so when it is not running."""

from typing import Any

import pytest

from prismiq import (
    ColumnConfig,
    ConfigurationError,
    EngineNotStartedError,
    PrismiqEngine,
    QueryDefinition,
    SchemaConfig,
    SchemaNotLoadedError,
    Scope,
    TableConfig,
)
from prismiq.entrypoints.options import EngineOptions

URL = "postgresql://ann:S3CRET@127.0.0.1:1/shop"
QUERY = QueryDefinition.model_validate(
    {
        "tables": [{"id": "f", "name": "flights"}],
        "columns": [{"table_id": "f", "column": "carrier"}],
    }
)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"database_url": "shop"},
            "database_url must look like postgresql://user:password@host:5432/database.",
        ),
        ({"max_rows": 0}, "max_rows must be greater than or equal to 1."),
        ({"query_timeout": -1.0}, "query_timeout must be greater than 0."),
        ({"timezone": "Mars"}, "timezone must be an IANA time zone such as 'Europe/Berlin'."),
        (
            {"pool_min_size": 5, "pool_max_size": 2},
            "pool_max_size must not be smaller than the smallest pool size, 5.",
        ),
        ({"exposed_tables": 3}, "exposed_tables must be a valid tuple."),
        ({"schema_config": {"tables": {"flights": {"hiden": True}}}}, None),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], sentence: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PrismiqEngine(**{"database_url": URL, **arguments})
    assert sentence is None or caught.value.message == sentence
    assert "S3CRET" not in caught.value.message


def test_it_takes_its_options_from_a_checked_value() -> None:
    options = EngineOptions.model_validate(
        {
            "database_url": URL,
            "exposed_tables": ["flights"],
            "schema_config": SchemaConfig(
                tables={"flights": TableConfig(columns={"x": ColumnConfig(hidden=True)})}
            ),
            "timezone": "Europe/Berlin",
        }
    )
    engine = PrismiqEngine.from_options(options)
    assert engine.default_scope == Scope(timezone="Europe/Berlin")


async def test_outside_of_its_time_it_says_so() -> None:
    engine = PrismiqEngine(URL)
    with pytest.raises(SchemaNotLoadedError):
        engine.validate_query(QUERY)
    for ask in (
        engine.get_schema,
        lambda: engine.get_schema(force_refresh=True),
        lambda: engine.get_table("flights"),
        lambda: engine.sample_column("flights", "carrier"),
        lambda: engine.compile_query(QUERY),
        lambda: engine.execute_query(QUERY),
        lambda: engine.execute_json(QUERY),
        lambda: engine.preview_query(QUERY),
        lambda: engine.explain_query(QUERY),
    ):
        with pytest.raises(EngineNotStartedError):
            await ask()
    assert not await engine.check_connection()


async def test_shutting_down_what_never_ran_does_nothing() -> None:
    engine = PrismiqEngine(URL)
    await engine.shutdown()
    await engine.shutdown()


def test_two_engines_share_nothing() -> None:
    one, other = PrismiqEngine(URL), PrismiqEngine(URL)
    assert one.catalog is not other.catalog
    assert one.queries is not other.queries


def test_secrets_are_not_shown() -> None:
    assert "S3CRET" not in repr(PrismiqEngine(URL)) + repr(vars(PrismiqEngine(URL)))
