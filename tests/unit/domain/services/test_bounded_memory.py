"""However many different queries are asked, the process does not grow."""

import gc
import sys
from typing import Any

from tests.unit.conftest import kept_in_memory

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.questions import Questions
from prismiq.domain.services.schema_catalog import SchemaCatalog

_BOUND = 2 * 1024 * 1024
_FILL, _MORE = 9_000, 1_500
"""As many queries as fill all that is remembered (8,192 keys are most), and some more."""


async def test_distinct_queries_leave_the_process_within_its_bounds(
    schema_catalog: SchemaCatalog, compiler: Any, runner: Any, clock: Any, observer: Any
) -> None:
    """A million of them do what these do: once all is full, nothing is added."""
    memory = InMemoryCache(max_bytes=_BOUND, clock=clock)
    limits = QueryLimits(max_rows=500)
    queries = QueryService(
        schema_catalog, compiler, runner, clock, limits=limits, observer=observer
    )
    answers = QueryAnswers(
        schema_catalog,
        queries,
        Questions(queries, clock, limits.max_rows, max_entries=500),  # emptied when full
        kept_in_memory(clock, memory),
        CacheStatistics(NoMetrics()),
        ttl=None,
    )

    async def ask(numbers: range) -> int:
        """Ask so many queries, each of another tenant; return how many objects are alive then."""
        for number in numbers:
            query = QueryDefinition.model_validate(
                {
                    "tables": [{"id": f"t{number}", "name": "flights"}],
                    "columns": [{"table_id": f"t{number}", "column": "id", "alias": f"a{number}"}],
                    "filters": [
                        {
                            "table_id": f"t{number}",
                            "column": "id",
                            "operator": "eq",
                            "value": number,
                        }
                    ],
                }
            )
            await answers.answer(query, Scope(tenant=f"tenant {number}"))
            runner.calls.clear()
            compiler.plans.clear()
            assert memory.used_bytes <= _BOUND
        gc.collect()
        return sys.getallocatedblocks()

    full = await ask(range(_FILL))
    assert memory.evictions > _FILL / 2
    after = await ask(range(_FILL, _FILL + _MORE))
    assert after < full + _MORE / 2  # not one object more for each query
