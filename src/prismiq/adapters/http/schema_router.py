"""The schema endpoints: what there is to ask about."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from prismiq.adapters.http.caller_scope import ScopeOf, resolve_scope
from prismiq.adapters.http.disconnect import while_connected
from prismiq.adapters.http.problem_docs import (
    LOOKUP_PROBLEMS,
    READ_PROBLEMS,
    problem_responses,
)
from prismiq.adapters.http.problem_route import ProblemRoute
from prismiq.domain.model.result import ColumnSample
from prismiq.domain.model.schema import DatabaseSchema, TableSchema
from prismiq.domain.rules.result_encoding import encode_sample
from prismiq.domain.rules.schema_lookup import require_table
from prismiq.domain.rules.schema_view import SchemaView
from prismiq.domain.services.column_sampler import MAX_SAMPLED_VALUES, ColumnSampler
from prismiq.domain.services.schema_catalog import SchemaCatalog

TableName = Annotated[
    str,
    Path(
        description="`table`, or `schema.table` outside the default schema.", examples=["flights"]
    ),
]
ColumnName = Annotated[str, Path(examples=["carrier"])]
ValueLimit = Annotated[
    int, Query(ge=1, le=MAX_SAMPLED_VALUES, description="The most values to answer with.")
]

_JSON = "application/json"


def make_schema_router(
    catalog: SchemaCatalog, sampler: ColumnSampler, scope_of: ScopeOf
) -> APIRouter:
    """Return the routes under ``/schema`` and ``/tables``.

    Args:
        catalog: what the scope may see.
        sampler: looks into columns.
        scope_of: on whose behalf.
    """
    endpoints = _SchemaEndpoints(catalog, sampler, scope_of)
    router = APIRouter(route_class=ProblemRoute, tags=["schema"])

    def add(path: str, endpoint: Any, model: Any, summary: str, problems: tuple[int, ...]) -> None:
        router.add_api_route(
            path,
            endpoint,
            response_model=model,
            summary=summary,
            responses=problem_responses(problems),
        )

    add("/schema", endpoints.schema, DatabaseSchema, "Everything queries may name", READ_PROBLEMS)
    add("/tables", endpoints.table_names, list[str], "The names of all tables", READ_PROBLEMS)
    add("/tables/{table}", endpoints.table, TableSchema, "One table", LOOKUP_PROBLEMS)
    add(
        "/tables/{table}/columns/{column}/sample",
        endpoints.sample,
        ColumnSample,
        "Some values of a column",
        LOOKUP_PROBLEMS,
    )
    return router


class _SchemaEndpoints:
    def __init__(self, catalog: SchemaCatalog, sampler: ColumnSampler, scope_of: ScopeOf) -> None:
        self._catalog = catalog
        self._sampler = sampler
        self._scope_of = scope_of

    async def schema(self, request: Request) -> Response:
        """Exposed tables with their columns, and how tables relate."""
        view = await self._view(request)
        return Response(view.schema.model_dump_json(), media_type=_JSON)

    async def table_names(self, request: Request) -> Response:
        """Sorted. Tables outside the default schema are called `schema.table`."""
        view = await self._view(request)
        return Response(json.dumps(view.table_names()), media_type=_JSON)

    async def table(self, request: Request, table: TableName) -> Response:
        """A table with its columns."""
        found = require_table(await self._view(request), table)
        return Response(found.schema.model_dump_json(), media_type=_JSON)

    async def sample(
        self, request: Request, table: TableName, column: ColumnName, limit: ValueLimit = 20
    ) -> Response:
        """Different values, sorted. Of a large table only some rows are looked at."""
        scope = await resolve_scope(self._scope_of, request)
        work = self._sampler.sample(table, column, limit, scope)
        result = await while_connected(request.receive, work)
        return Response(encode_sample(result), media_type=_JSON)

    async def _view(self, request: Request) -> SchemaView:
        return await self._catalog.view(await resolve_scope(self._scope_of, request))
