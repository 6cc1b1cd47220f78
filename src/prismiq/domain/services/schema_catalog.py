"""What the database offers, read once and kept.

A query never reads the catalog: it takes the view that is here. Reads of the same schemas share
one flight, and a caller who gives up while waiting takes nobody else down.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    QueryTimeoutError,
    SchemaChangedError,
    SchemaNotLoadedError,
)
from prismiq.domain.model.plan import Source
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.schema_config import SchemaConfig
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.dependencies import version_name
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.schema_generation import schema_generation
from prismiq.domain.rules.schema_view import (
    SchemaView,
    expose,
    missing_tables,
    qualified_name,
    schemas_to_read,
)
from prismiq.domain.rules.suggestions import closest
from prismiq.domain.services.schema_snapshot import SchemaSnapshot
from prismiq.domain.services.single_flight import SingleFlight
from prismiq.ports.clock import Clock
from prismiq.ports.dependency_source import DependencySource
from prismiq.ports.schema_source import SchemaSource

_MIN_AGE_TO_DISTRUST = 1.0
"""Seconds. A view younger than this is kept even when a query finds it outdated, so that
queries which always fail that way cannot make the catalog be read for each of them."""

_RETRY_AFTER = 5.0
"""Seconds between attempts to renew a reading of a database that does not answer."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the catalog, and what callers may see of it."""

    schema: DatabaseSchema
    snapshot: SchemaSnapshot
    read_at: float
    fresh_until: float

    @property
    def proved_wrong(self) -> bool:
        """Whether a query found the database different."""
        return self.fresh_until == -inf


class SchemaCatalog:
    """Views of the schema, one per default schema of a scope.

    Args:
        source: reads the database's catalog.
        dependencies: tells what answers over its tables depend on.
        clock: tells how old a reading is.
        exposed_tables: ``table`` or ``schema.table``; None exposes every table of the default
            schema.
        config: names for people, and what is hidden.
        default_schema: where unqualified tables live for scopes that name no schema.
        ttl: seconds after which a reading is renewed.
        max_schemas: how many readings are kept; the one that was used longest ago leaves first.
    """

    def __init__(
        self,
        source: SchemaSource,
        dependencies: DependencySource,
        clock: Clock,
        *,
        exposed_tables: Iterable[str] | None = None,
        config: SchemaConfig | None = None,
        default_schema: str = "public",
        ttl: float = 3600.0,
        max_schemas: int = 256,
    ) -> None:
        self._source = source
        self._dependencies = dependencies
        self._clock = clock
        self._exposed = None if exposed_tables is None else tuple(exposed_tables)
        self._config = config
        self._default_schema = default_schema
        self._ttl = ttl
        self._max_schemas = max_schemas
        self._readings: OrderedDict[str, _Reading] = OrderedDict()
        self._flights: SingleFlight[_Reading] = SingleFlight(self._landed)

    async def view(self, scope: Scope) -> SchemaView:
        """Return what the scope may see. Reads and raises as ``snapshot``."""
        return (await self.snapshot(scope)).view

    async def snapshot(self, scope: Scope) -> SchemaSnapshot:
        """Return what the scope may see and what it depends on.

        It is read when it is unknown or too old. What is merely too old serves on while the
        database does not answer.

        Raises:
            DatabaseUnavailableError: the catalog had to be read and could not be.
            QueryTimeoutError: reading it took too long.
            EngineNotStartedError: it had to be read and the engine is not running.
        """
        key = self._key(scope)
        fresh = self.fresh_snapshot(scope)
        if fresh is not None:
            return fresh
        try:
            return (await self._flights.join(key, partial(self._read, key))).snapshot
        except (DatabaseUnavailableError, QueryTimeoutError):
            kept = self._readings.get(key)
            if kept is None or kept.proved_wrong:
                raise
            retry_at = self._clock.monotonic() + _RETRY_AFTER
            self._readings[key] = replace(kept, fresh_until=max(kept.fresh_until, retry_at))
            return kept.snapshot

    def fresh_snapshot(self, scope: Scope) -> SchemaSnapshot | None:
        """Return what was read last, where it need not be read again. Waits for nothing."""
        key = self._key(scope)
        reading = self._readings.get(key)
        if reading is None or self._clock.monotonic() >= reading.fresh_until:
            return None
        self._readings.move_to_end(key)
        return reading.snapshot

    def known_view(self, scope: Scope) -> SchemaView:
        """Return what was read last, however old, without waiting. Raises as below."""
        return self.known_snapshot(scope).view

    def known_snapshot(self, scope: Scope) -> SchemaSnapshot:
        """Return what was read last, however old, without waiting.

        Raises:
            SchemaNotLoadedError: nothing was read yet for this scope.
        """
        reading = self._readings.get(self._key(scope))
        if reading is None:
            raise SchemaNotLoadedError
        return reading.snapshot

    def known_version_name(self, table: str) -> str:
        """Return under which name a change of ``table`` or ``schema.table`` is announced.

        A partition counts as the partitioned table it belongs to, as far as that is known.
        """
        name = qualified_name(table, self._default_schema)
        for reading in self._readings.values():
            name = reading.snapshot.dependencies.roots.get(name, name)
        return version_name(Source(*name))

    async def refresh(self, scope: Scope) -> SchemaView:
        """Return what the database has from now on: a read that begins with this call.

        A read that is under way already may have missed the change and is not kept. Raises as
        ``view``.
        """
        return (await self._reread(scope)).snapshot.view

    @contextmanager
    def relied_on(self, view: SchemaView, scope: Scope) -> Iterator[None]:
        """Run what depends on ``view``; when it proves outdated, the next call reads anew."""
        try:
            yield
        except SchemaChangedError:
            self._distrust(view, self._key(scope))
            raise

    async def require_exposed_tables(self, scope: Scope) -> None:
        """Read the catalog and check that every exposed table is there.

        Raises:
            ConfigurationError: one is missing. Also raises as ``view``.
        """
        reading = await self._reread(scope)
        # Hidden tables exist too: the check looks past the configuration.
        everything = expose(reading.schema, default_schema=reading.snapshot.view.default_schema)
        missing = missing_tables(everything, self._exposed)
        if missing:
            suggestion = closest(missing[0], everything.table_names())
            hint = f" Did you mean {shown(suggestion)}?" if suggestion else ""
            raise ConfigurationError(
                f"exposed_tables names {', '.join(shown(name) for name in missing)},"
                f" which the database does not have.{hint}"
            )

    async def close(self) -> None:
        """Stop reads that are under way and forget what was read."""
        await self._flights.close()
        self._readings.clear()

    def _key(self, scope: Scope) -> str:
        return scope.schema_name or self._default_schema

    async def _reread(self, scope: Scope) -> _Reading:
        key = self._key(scope)
        return await self._flights.overtake(key, partial(self._read, key))

    def _distrust(self, view: SchemaView, key: str) -> None:
        reading = self._readings.get(key)
        if reading is None or reading.snapshot.view is not view:
            return  # renewed since
        if self._clock.monotonic() - reading.read_at >= _MIN_AGE_TO_DISTRUST:
            self._readings[key] = replace(reading, fresh_until=-inf)

    def _landed(self, key: str, reading: _Reading) -> None:
        self._readings[key] = reading
        self._readings.move_to_end(key)
        if len(self._readings) > self._max_schemas:
            self._readings.popitem(last=False)

    async def _read(self, key: str) -> _Reading:
        read_at = self._clock.monotonic()
        names = schemas_to_read(self._exposed, key)
        schema = await self._source.read(names)
        # After the schema: what a view was made to read between the two is in it.
        dependencies = await self._dependencies.read(names)
        view = expose(schema, self._exposed, self._config, key)
        generation = schema_generation(
            view.schema, key, definitions=dependencies.definitions, origin=dependencies.origin
        )
        snapshot = SchemaSnapshot(view, dependencies, generation)
        return _Reading(schema, snapshot, read_at, fresh_until=read_at + self._ttl)
