"""Metrics for Prometheus, on its official client library."""
