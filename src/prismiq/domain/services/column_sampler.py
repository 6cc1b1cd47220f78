"""What is in a column: values for a filter's list, or to get an idea."""

from prismiq.domain.model.plan import Column, Output, SamplePlan, Source
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.schema_lookup import require_column, require_table
from prismiq.domain.services.query_observer import QueryObserver, Statement
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.ports.query_compiler import QueryCompiler
from prismiq.ports.query_runner import QueryRunner

MAX_SAMPLED_VALUES = 1_000
_SCANNED_ROWS = 1_000_000
"""All rows of most tables, in a fraction of a second. Fewer would miss values even of small tables:
PostgreSQL may read them in the order of an index, so that the first rows are all alike."""


class ColumnSampler:
    """Samples one column of a table that the scope may see.

    Args:
        catalog: what may be named.
        compiler: turns plans into statements.
        runner: asks the database.
        observer: measures what reaches it.
    """

    def __init__(
        self,
        catalog: SchemaCatalog,
        compiler: QueryCompiler,
        runner: QueryRunner,
        observer: QueryObserver,
    ) -> None:
        self._catalog = catalog
        self._compiler = compiler
        self._runner = runner
        self._observer = observer

    async def sample(
        self, table_name: str, column_name: str, limit: int, scope: Scope
    ) -> EncodedResult:
        """Return up to ``limit`` different values, in order, as rows of one column.

        Only some of a large table's rows are looked at. ``limit`` is cut to 1,000.

        Raises:
            TableNotFoundError: the table does not exist or is not exposed.
            ColumnNotFoundError: the column does not exist or is hidden. Also raises as
                ``QueryRunner.run`` and ``SchemaCatalog.view``.
        """
        view = await self._catalog.view(scope)
        table = require_table(view, table_name)
        found = require_column(table, column_name)
        column = Column(0, found.schema.name, found.schema.data_type, found.family)
        plan = SamplePlan(
            Source(table.schema.schema_name, table.schema.name),
            column,
            max(1, min(limit, MAX_SAMPLED_VALUES)),
            _SCANNED_ROWS,
        )
        output = Output(column.name, column, column.data_type, column.family)
        compiled = self._compiler.compile_sample(plan)
        with self._catalog.relied_on(view, scope):
            run = self._runner.run(compiled, scope=scope, limit=plan.limit)
            statement = Statement(compiled, (plan.source,), scope)
            batch, seconds = await self._observer.watch(run, statement)
        return EncodedResult((output,), batch, round(seconds * 1000, 3))
