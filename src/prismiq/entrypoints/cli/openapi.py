"""``prismiq openapi``."""

import json

from prismiq.entrypoints.app import create_app
from prismiq.entrypoints.cli.terminal import write
from prismiq.entrypoints.settings import Settings

_NO_DATABASE = "postgresql://the-document-does-not-depend-on-it"


def openapi() -> None:
    """Print the OpenAPI document of the server."""
    document = create_app(Settings(database_url=_NO_DATABASE)).openapi()
    write(json.dumps(document, indent=2, ensure_ascii=False))
