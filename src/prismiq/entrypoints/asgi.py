"""For ASGI servers: ``uvicorn prismiq.entrypoints.asgi:app``. The environment has the settings."""

from prismiq.entrypoints.app import create_app

app = create_app()
