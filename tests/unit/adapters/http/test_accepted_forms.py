"""A scraper gets the form it prefers; what cannot be understood is plain text."""

import pytest

from prismiq.adapters.http.accepted_forms import accepts_gzip, prefers_openmetrics

OPENMETRICS = "application/openmetrics-text"
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ([PROMETHEUS_2_42], True),
        ([OPENMETRICS], True),
        ([OPENMETRICS.upper()], True),
        ([f'{OPENMETRICS}; version="1.0.0" ; charset=utf-8'], True),
        (["text/plain;q=0.5", f"{OPENMETRICS};q=0.6"], True),
        ([], False),
        (["*/*"], False),
        (["text/plain;version=0.0.4"], False),
        (["text/html,application/xhtml+xml,*/*;q=0.8"], False),
        ([f"{OPENMETRICS};q=0"], False),
        ([f"{OPENMETRICS};q=0.4,text/plain;q=0.5"], False),
        ([f"{OPENMETRICS};version=2.0.0"], False),
        ([f"{OPENMETRICS};version=1.0.0;q=soon"], False),
        ([f"{OPENMETRICS};q=nan"], False),
        ([",;=,;;q=,"], False),
        (["\x00\xff" * 1_000], False),
    ],
)
def test_openmetrics_is_for_who_prefers_it(accept: list[str], expected: bool) -> None:
    assert prefers_openmetrics(accept) is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (["gzip"], True),
        (["deflate, GZIP;q=0.5"], True),
        (["br", "gzip"], True),
        (["*"], True),
        ([], False),
        ([""], False),
        (["identity"], False),
        (["gzip;q=0"], False),
        (["gzip;q=0, *;q=1"], False),
        (["gzipped"], False),
    ],
)
def test_gzip_is_for_who_accepts_it(accept_encoding: list[str], expected: bool) -> None:
    assert accepts_gzip(accept_encoding) is expected
