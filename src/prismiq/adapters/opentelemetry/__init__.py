"""Traces through the API of OpenTelemetry. Imported only where tracing is on."""
