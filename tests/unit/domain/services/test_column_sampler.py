"""A sample looks at one visible column, within bounds."""

from typing import Any

import pytest

from prismiq.domain.model.errors import (
    ColumnNotFoundError,
    SchemaChangedError,
    TableNotFoundError,
)
from prismiq.domain.model.plan import SamplePlan, Source
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.schema_config import ColumnConfig, SchemaConfig, TableConfig
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.schema_catalog import SchemaCatalog

SCOPE = Scope(tenant="acme")


@pytest.fixture
def sampler(
    source: Any,
    clock: Any,
    compiler: Any,
    runner: Any,
    observer: Any,
    flights_schema: DatabaseSchema,
) -> ColumnSampler:
    source.schema = flights_schema
    hidden = SchemaConfig(
        tables={"flights": TableConfig(columns={"crew_notes": ColumnConfig(hidden=True)})}
    )
    catalog = SchemaCatalog(source, source.dependencies, clock, config=hidden)
    return ColumnSampler(catalog, compiler, runner, observer)


async def test_it_plans_the_column_and_returns_the_rows(
    sampler: ColumnSampler, compiler: Any, runner: Any
) -> None:
    result = await sampler.sample("flights", "carrier", 20, SCOPE)
    plan: SamplePlan = compiler.plans[0]
    assert plan.source == Source("public", "flights")
    assert (plan.column.name, plan.column.data_type, plan.limit) == ("carrier", "text", 20)
    assert runner.calls[0][1:] == (SCOPE, 20)
    assert result.batch is runner.batch
    assert [output.name for output in result.outputs] == ["carrier"]
    assert result.execution_time_ms == 250.0


@pytest.mark.parametrize(("wanted", "planned"), [(0, 1), (-5, 1), (1_000, 1_000), (2**70, 1_000)])
async def test_its_size_is_bounded(
    sampler: ColumnSampler, compiler: Any, wanted: int, planned: int
) -> None:
    await sampler.sample("flights", "carrier", wanted, SCOPE)
    assert compiler.plans[0].limit == planned


async def test_unknown_names_are_refused_with_a_suggestion(
    sampler: ColumnSampler, runner: Any
) -> None:
    with pytest.raises(TableNotFoundError) as table:
        await sampler.sample("flihgts", "carrier", 20, SCOPE)
    assert table.value.message == 'There is no table "flihgts". Did you mean "flights"?'
    with pytest.raises(ColumnNotFoundError) as column:
        await sampler.sample("flights", "carier", 20, SCOPE)
    assert column.value.message == (
        'Table "flights" has no column "carier". Did you mean "carrier"?'
    )
    assert runner.calls == []


async def test_a_hidden_column_does_not_exist_and_is_not_suggested(
    sampler: ColumnSampler, runner: Any
) -> None:
    for name in ("crew_notes", "crew_note"):
        with pytest.raises(ColumnNotFoundError) as caught:
            await sampler.sample("flights", name, 20, SCOPE)
        assert caught.value.message == f'Table "flights" has no column "{name}".'
    assert runner.calls == []


async def test_a_changed_schema_is_read_anew(
    sampler: ColumnSampler, runner: Any, source: Any, clock: Any
) -> None:
    await sampler.sample("flights", "carrier", 20, SCOPE)
    clock.advance(10)
    runner.error = SchemaChangedError()
    with pytest.raises(SchemaChangedError):
        await sampler.sample("flights", "carrier", 20, SCOPE)
    runner.error = None
    await sampler.sample("flights", "carrier", 20, SCOPE)
    assert len(source.reads) == 2
