import pytest

from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, Relationship, TableSchema
from prismiq.domain.model.schema_config import ColumnConfig, SchemaConfig, TableConfig
from prismiq.domain.rules.schema_view import expose, missing_tables, schemas_to_read

FLIGHTS = TableSchema(
    name="flights",
    columns=[
        ColumnSchema(name="carrier", data_type="text"),
        ColumnSchema(name="crew", data_type="text"),
    ],
    unique_keys=[["carrier"], ["carrier", "crew"]],
)
AIRLINES = TableSchema(name="airlines", columns=[ColumnSchema(name="carrier", data_type="text")])
SALARIES = TableSchema(
    name="salaries",
    schema_name="hr",
    columns=[ColumnSchema(name="person", data_type="text")],
)
SCHEMA = DatabaseSchema(
    tables=[FLIGHTS, AIRLINES, SALARIES],
    relationships=[
        Relationship(
            from_table="public.flights",
            from_column="carrier",
            to_table="public.airlines",
            to_column="carrier",
        ),
        Relationship(
            from_table="public.flights",
            from_column="crew",
            to_table="hr.salaries",
            to_column="person",
        ),
    ],
)


def test_everything_is_seen_unless_told_otherwise() -> None:
    assert expose(SCHEMA).table_names() == ["airlines", "flights", "hr.salaries"]


@pytest.mark.parametrize(
    ("exposed", "names"),
    [
        (["flights"], ["flights"]),
        (["public.flights", "hr.salaries"], ["flights", "hr.salaries"]),
        (["salaries"], []),
        ([], []),
    ],
)
def test_only_exposed_tables_are_seen(exposed: list[str], names: list[str]) -> None:
    assert expose(SCHEMA, exposed).table_names() == names


def test_another_default_schema_changes_what_a_bare_name_means() -> None:
    view = expose(SCHEMA, ["salaries"], default_schema="hr")

    assert view.table_names() == ["salaries"]
    assert view.table("salaries") is not None


def test_relationships_need_both_ends_and_use_public_names() -> None:
    pairs = [(r.from_table, r.to_table) for r in expose(SCHEMA).schema.relationships]
    assert pairs == [("flights", "airlines"), ("flights", "hr.salaries")]

    view = expose(SCHEMA, ["flights", "airlines"])
    assert [r.to_table for r in view.schema.relationships] == ["airlines"]


def test_a_hidden_table_does_not_exist() -> None:
    config = SchemaConfig(tables={"flights": TableConfig(hidden=True)})
    view = expose(SCHEMA, config=config)

    assert view.table("flights") is None
    assert view.schema.relationships == ()


def test_a_hidden_column_takes_keys_and_relationships_with_it() -> None:
    config = SchemaConfig(
        tables={"flights": TableConfig(columns={"crew": ColumnConfig(hidden=True)})}
    )
    view = expose(SCHEMA, config=config)
    flights = view.table("flights")

    assert flights is not None
    assert list(flights.columns) == ["carrier"]
    assert flights.schema.unique_keys == (("carrier",),)
    assert [r.from_column for r in view.schema.relationships] == ["carrier"]


def test_names_for_people_are_applied() -> None:
    config = SchemaConfig(
        tables={
            "public.flights": TableConfig(
                display_name="Flights", columns={"carrier": ColumnConfig(display_name="Airline")}
            )
        }
    )
    flights = expose(SCHEMA, config=config).table("flights")

    assert flights is not None
    assert flights.schema.display_name == "Flights"
    assert flights.columns["carrier"].schema.display_name == "Airline"


def test_the_schemas_to_read_are_those_of_exposed_tables() -> None:
    assert schemas_to_read(None, "public") == ("public",)
    assert schemas_to_read(["a", "hr.b", "hr.c"], "public") == ("public", "hr")


def test_exposed_tables_that_do_not_exist_are_found() -> None:
    exposed = ["flights", "hr.salaries", "hr.wages", "fligths"]

    assert missing_tables(expose(SCHEMA, exposed), exposed) == ["hr.wages", "fligths"]


@pytest.mark.parametrize("default_schema", ["public", "hr", "tenant"])
def test_what_is_hidden_by_a_bare_name_is_hidden_from_scopes_with_another_schema(
    default_schema: str,
) -> None:
    config = SchemaConfig(
        tables={
            "flights": TableConfig(columns={"crew": ColumnConfig(hidden=True)}),
            "salaries": TableConfig(hidden=True),
        }
    )
    view = expose(SCHEMA, config=config, default_schema=default_schema)

    flights = view.table("flights", "public")
    assert flights is not None
    assert list(flights.columns) == ["carrier"]
    assert view.table("salaries", "hr") is None


def test_a_qualified_name_goes_before_a_bare_one() -> None:
    config = SchemaConfig(
        tables={"salaries": TableConfig(hidden=True), "hr.salaries": TableConfig()}
    )
    assert expose(SCHEMA, config=config).table("hr.salaries") is not None


def test_an_expression_does_not_tell_hidden_columns() -> None:
    doubled = ColumnSchema(
        name="bonus", data_type="integer", default_value="GENERATED ALWAYS AS ((salary * 2))"
    )
    counted = ColumnSchema(name="id", data_type="integer", default_value="0")
    salary = ColumnSchema(name="salary", data_type="integer")
    schema = DatabaseSchema(tables=[TableSchema(name="pay", columns=[counted, salary, doubled])])
    hidden = SchemaConfig(
        tables={"pay": TableConfig(columns={"salary": ColumnConfig(hidden=True)})}
    )

    def defaults(config: SchemaConfig | None) -> list[str | None]:
        [table] = expose(schema, config=config).schema.tables
        return [column.default_value for column in table.columns]

    assert defaults(hidden) == ["0", "GENERATED"]
    assert defaults(None) == ["0", None, "GENERATED ALWAYS AS ((salary * 2))"]


def test_a_composite_key_with_a_hidden_column_is_left_out_whole() -> None:
    pairs = [
        Relationship(
            from_table="public.flights",
            from_column=column,
            to_table="public.airlines",
            to_column="carrier",
            constraint_name="flights_carrier_crew_fkey",
        )
        for column in ("carrier", "crew")
    ]
    schema = DatabaseSchema(tables=[FLIGHTS, AIRLINES], relationships=pairs)
    hidden = SchemaConfig(
        tables={"flights": TableConfig(columns={"crew": ColumnConfig(hidden=True)})}
    )
    assert expose(schema, config=hidden).schema.relationships == ()
    assert len(expose(schema).schema.relationships) == 2
