"""Which form of the metrics a scraper asks for (RFC 9110, section 12.5)."""

from collections.abc import Iterable, Iterator

_OPENMETRICS = "application/openmetrics-text"
_OPENMETRICS_VERSIONS = {"", "1.0.0", "0.0.1"}
_PLAIN = ("text/plain", "text/*", "*/*")


def prefers_openmetrics(accept: Iterable[str]) -> bool:
    """Return whether OpenMetrics is asked for, and not less than plain text."""
    openmetrics, plain = 0.0, 0.0
    for name, parameters in _elements(accept):
        quality = _quality(parameters)
        if name == _OPENMETRICS and parameters.get("version", "") in _OPENMETRICS_VERSIONS:
            openmetrics = max(openmetrics, quality)
        elif name in _PLAIN:
            plain = max(plain, quality)
    return openmetrics > 0 and openmetrics >= plain


def accepts_gzip(accept_encoding: Iterable[str]) -> bool:
    """Return whether the body may be compressed by gzip."""
    qualities = {name: _quality(parameters) for name, parameters in _elements(accept_encoding)}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _elements(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for element in ",".join(lines).split(","):
        name, *parameters = (part.strip().lower() for part in element.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _quality(parameters: dict[str, str]) -> float:
    """Return ``q``: from 0, which is never, to 1; what is not a number does not count."""
    text = parameters.get("q", "1")
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
