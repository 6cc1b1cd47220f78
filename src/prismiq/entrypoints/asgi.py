"""For ASGI servers: ``uvicorn prismiq.entrypoints.asgi:app``. The environment has the settings."""

from prismiq.entrypoints.app import create_app
from prismiq.entrypoints.server_logging import set_up_process
from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.tracing import export_spans

_settings = Settings()
# Here and not in the command: each worker is a process of its own.
set_up_process(_settings)
export_spans(_settings)
app = create_app(_settings)
