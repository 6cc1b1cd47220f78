"""The application in one of several processes of ``prismiq serve``.

Imported by uvicorn in each of them, after ``shared_metrics`` has named a directory.
"""

import os
from pathlib import Path

from prismiq.adapters.prometheus.recording import metrics
from prismiq.adapters.prometheus.worker_slots import count_in_slots
from prismiq.entrypoints.cli.shared_metrics import DIRECTORY_VARIABLE

count_in_slots(metrics, Path(os.environ[DIRECTORY_VARIABLE]))

# What this makes counts from its beginning, so the slot must have been taken before.
from prismiq.entrypoints.asgi import app  # noqa: E402

__all__ = ["app"]
