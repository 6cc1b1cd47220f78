"""A directory in which workers add up what they count."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from prismiq.domain.model.errors import PrismiqError

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Of the client library, which reads it when it is imported."""


class NoMetricsDirectoryError(PrismiqError):
    """There is no place for the metrics of several workers."""

    code = "no_metrics_directory"


@contextmanager
def metrics_directory() -> Iterator[None]:
    """Name a directory to the processes started in the block, and remove it afterwards.

    One that the environment names already is used, and stays.

    Raises:
        NoMetricsDirectoryError: none can be made.
    """
    if os.environ.get(DIRECTORY_VARIABLE):
        yield
        return
    try:
        # A worker that hangs may be killed only after this, and write once more.
        directory = tempfile.TemporaryDirectory(
            prefix="prismiq-metrics-", ignore_cleanup_errors=True
        )
    except OSError:
        raise NoMetricsDirectoryError(
            "Several workers need a directory for temporary files to add up their metrics."
            f" Name one by TMPDIR or {DIRECTORY_VARIABLE}, or set PRISMIQ_ENABLE_METRICS=false."
        ) from None
    with directory as path:
        os.environ[DIRECTORY_VARIABLE] = path
        try:
            yield
        finally:
            del os.environ[DIRECTORY_VARIABLE]
