"""For ASGI servers: ``uvicorn prismiq.entrypoints.asgi:app``. The environment has the settings."""

from prismiq.entrypoints.app import create_app
from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.tracing import export_spans

_settings = Settings()
export_spans(_settings)  # here and not in the command: each worker is a process of its own
app = create_app(_settings)
