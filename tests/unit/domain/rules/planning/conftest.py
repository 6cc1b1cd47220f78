"""A small airline schema, and a way to plan a query written as JSON would be."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, TableSchema
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.planning.planner import plan_query
from prismiq.domain.rules.schema_view import SchemaView, expose

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]


def table(table_name: str, keys: list[list[str]], **types: str) -> TableSchema:
    return TableSchema(
        name=table_name,
        columns=[ColumnSchema(name=column, data_type=kind) for column, kind in types.items()],
        unique_keys=keys,
    )


@pytest.fixture
def view() -> SchemaView:
    flights = table(
        "flights",
        [["time_hour", "carrier", "flight"]],
        carrier="text",
        flight="integer",
        origin="text",
        dest="text",
        tailnum="character varying",
        dep_delay="integer",
        distance="double precision",
        time_hour="timestamp with time zone",
        scheduled="timestamp without time zone",
        day="date",
        note="json",
        shape="point",
        active="boolean",
    )
    size = ColumnSchema(name="size", data_type="public.size", enum_values=["small", "large"])
    planes = table("planes", [["tailnum"]], tailnum="character varying", seats="integer")
    return expose(
        DatabaseSchema(
            tables=[
                flights,
                planes.model_copy(update={"columns": (*planes.columns, size)}),
                table("airlines", [["carrier"]], carrier="text", name="text"),
                table("airports", [["faa"]], faa="text", name="text", alt="integer"),
                table(
                    "weather",
                    [["origin", "time_hour"]],
                    origin="text",
                    time_hour="timestamp with time zone",
                    temp="numeric",
                ),
            ]
        )
    )


@pytest.fixture
def plan(view: SchemaView) -> Plan:
    def run(
        *columns: dict[str, Any], limits: QueryLimits | None = None, zone: str = "UTC", **query: Any
    ) -> QueryPlan:
        """Plan a query over flights (``f``) unless ``tables`` says otherwise."""
        body: dict[str, Any] = {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": list(columns),
        }
        body |= query
        return plan_query(
            QueryDefinition.model_validate(body),
            view,
            limits or QueryLimits(),
            Scope(timezone=zone),
            datetime(2013, 7, 10, 12, tzinfo=UTC),
        )

    return run


@pytest.fixture
def refuse(plan: Plan) -> Refuse:
    """Plan a query that must be refused; return code and place of every problem."""

    def run(*columns: dict[str, Any], **query: Any) -> list[tuple[str, str | None]]:
        with pytest.raises(QueryValidationError) as caught:
            plan(*columns, **query)
        return [(problem.code, problem.field) for problem in caught.value.problems]

    return run
