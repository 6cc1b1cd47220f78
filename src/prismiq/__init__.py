"""The production-ready embedded-analytics backend for Python and PostgreSQL."""
