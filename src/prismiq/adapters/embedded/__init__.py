"""A PostgreSQL server that comes with a Python package, for the demo and the tests."""
