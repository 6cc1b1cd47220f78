"""What a server tells an application of a request."""

from typing import Any


def http_scope(path: str) -> dict[str, Any]:
    """Return the ASGI scope of a GET without headers, from one and the same client."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("198.51.100.7", 4711),
        "server": ("test", 80),
    }
