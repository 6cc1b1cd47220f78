"""What the demo says when it is ready."""

from pathlib import Path

_QUERY = """{
  "tables": [{"id": "f", "name": "flights"}],
  "columns": [
    {"table_id": "f", "column": "carrier"},
    {"table_id": "f", "column": "*", "aggregation": "count", "alias": "flights"},
    {"table_id": "f", "column": "dep_delay", "aggregation": "avg", "alias": "avg_dep_delay"}
  ],
  "order_by": [{"column": "flights", "direction": "DESC"}]
}"""


def welcome(url: str, data_dir: Path) -> str:
    """Return the address, a question to try, and where the rest is described."""
    return f"""
Prismiq answers on {url}: 336,776 flights that left New York City in 2013.

Flights by carrier, with their average departure delay:

curl {url}/api/query/execute -H 'Content-Type: application/json' -d '{_QUERY}'

All endpoints, with examples to try: {url}/docs
Ctrl-C stops it. The data stay in {data_dir}.
"""
