import pytest
from tests.contracts.table_versions import TableVersionsContract

from prismiq.adapters.memory.table_versions import InMemoryTableVersions
from prismiq.ports.table_versions import TableVersions


class TestInMemoryTableVersions(TableVersionsContract):
    @pytest.fixture
    def versions(self) -> TableVersions:
        return InMemoryTableVersions()

    @pytest.fixture
    def elsewhere(self, versions: TableVersions) -> TableVersions:
        return versions
