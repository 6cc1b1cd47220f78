"""Versions of tables for one process."""

from collections import Counter
from collections.abc import Collection, Mapping
from uuid import uuid4

from prismiq.ports.table_versions import TableVersions


class InMemoryTableVersions(TableVersions):
    """Grows with the number of tables that were read, not with the number of entries."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        return {name: self._token(name) for name in (self.EVERYTHING, *tables)}

    async def rotate(self, tables: Collection[str]) -> int:
        names = set(tables)
        for name in names:
            self._tokens.pop(name, None)
        return sum(self._counts.pop(name, 0) for name in names)

    async def rotate_all(self) -> int:
        in_all = self._counts.pop(self.EVERYTHING, 0)
        of_tables = self._counts.total()
        self._counts.clear()
        self._tokens.clear()
        return min(in_all, of_tables)  # both are upper bounds

    async def count_entry(self, tables: Collection[str]) -> None:
        self._counts.update({self.EVERYTHING, *tables})

    def _token(self, name: str) -> str:
        return self._tokens.setdefault(name, uuid4().hex)
