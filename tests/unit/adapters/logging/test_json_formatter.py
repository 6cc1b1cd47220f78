"""Every record becomes one line of valid JSON, whatever is in it."""

import io
import json
import logging
import sys
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.adapters.logging.json_formatter import LONGEST_LINE, JsonFormatter

CORE = ["timestamp", "level", "logger", "message"]
NESTED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.decimals()
    | st.datetimes(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner)
    ),
    max_leaves=30,
)


def a_record(message: Any = "said", *arguments: Any, **attributes: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "shop", "levelname": "INFO", "msg": message, "args": arguments, **attributes}
    )


def document_of(
    record: logging.LogRecord, formatter: JsonFormatter | None = None
) -> dict[str, Any]:
    formatter = formatter or JsonFormatter()
    line = formatter.line(record)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert len(line) <= LONGEST_LINE
    assert line == formatter.format(record).encode() + b"\n"
    # The strictest reading: no NaN, no name twice.
    return json.loads(line, parse_constant=pytest.fail, object_pairs_hook=_without_doubles)  # type: ignore[no-any-return]


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    return dict(pairs)


def test_a_record_has_time_level_logger_and_message_first() -> None:
    document = document_of(a_record("%d of %s", 3, "four", created=1_764_066_600.123))
    assert list(document) == CORE
    assert document == {
        "timestamp": "2025-11-25T10:30:00.123Z",
        "level": "INFO",
        "logger": "shop",
        "message": "3 of four",
    }


@pytest.mark.parametrize(
    ("created", "written"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_764_066_600.0, "2025-11-25T10:30:00.000Z"),
        (1_764_066_600.999, "2025-11-25T10:30:00.999Z"),
        (1_764_066_600.9999995, "2025-11-25T10:30:00.999Z"),
        (float("nan"), "1970-01-01T00:00:00.000Z"),
        (float("inf"), "1970-01-01T00:00:00.000Z"),
        (-1e300, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_moments_are_in_utc_with_milliseconds(created: float, written: str) -> None:
    assert document_of(a_record(created=created))["timestamp"] == written


def test_a_formatter_that_is_used_for_many_seconds_tells_each_of_them() -> None:
    formatter = JsonFormatter()
    for created, written in ((1.5, "01.500"), (2.25, "02.250"), (1.75, "01.750")):
        document = document_of(a_record(created=created), formatter)
        assert document["timestamp"] == f"1970-01-01T00:00:{written}Z"


def test_all_extras_appear_in_order() -> None:
    extras = {"rows": 5, "ratio": 0.5, "ok": True, "none": None, "ünï": "ç", "x": "y" * 300}
    document = document_of(a_record(**extras))
    assert list(document) == [*CORE, *extras]
    assert {name: document[name] for name in extras} == extras


def test_a_record_that_another_formatter_has_seen_is_the_same() -> None:
    record = a_record("%s", "said", rows=5)
    logging.Formatter("%(asctime)s %(message)s").format(record)
    assert list(document_of(record)) == [*CORE, "rows"]


def test_a_record_that_lost_an_attribute_keeps_its_extras() -> None:
    record = a_record(rows=5, bytes=6)
    del record.msecs
    del record.lineno
    document = document_of(record)
    assert (document["rows"], document["bytes"]) == (5, 6)


def test_a_record_of_another_class_keeps_its_extras() -> None:
    class Early(logging.LogRecord):
        def __init__(self, *arguments: Any) -> None:
            self.first = 1
            super().__init__(*arguments)
            self.last = 2

    record = Early("shop", logging.INFO, "", 0, "said", (), None)
    document = document_of(record)
    assert (document["first"], document["last"], document["message"]) == (1, 2, "said")


@pytest.mark.parametrize("name", ["timestamp", "level", "logger", "exception", "stack"])
def test_what_a_record_has_itself_cannot_be_overwritten(name: str) -> None:
    formatter = JsonFormatter()
    for _ in range(2):  # the second time it is known
        document = document_of(a_record(**{name: "forged", f"{name}_": "too"}), formatter)
        assert document["level"] == "INFO"
        assert sorted(v for v in document.values() if v in ("forged", "too")) == ["forged", "too"]
        assert document.get(name) != "forged"


def test_the_request_has_its_say_before_the_extras() -> None:
    formatter = JsonFormatter(context=lambda: {"request_id": "r-1"})
    for _ in range(2):
        assert document_of(a_record(), formatter)["request_id"] == "r-1"
        assert "request_id_" not in document_of(a_record(request_id="r-1"), formatter)
        other = document_of(a_record(request_id="forged"), formatter)
        assert (other["request_id"], other["request_id_"]) == ("r-1", "forged")


def test_outside_of_requests_an_extra_may_name_one() -> None:
    assert document_of(a_record(request_id="r-1", duration_ms=1.5))["request_id"] == "r-1"


class Colour(Enum):
    RED = 1


class Outcome(StrEnum):
    HIT = "HIT"


@dataclass
class Point:
    x: int
    password: str


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class BrokenMapping(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("no")


class Odd:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        return 1

    def __str__(self) -> str:
        return "odd"


circle: list[Any] = [1]
circle.append(circle)
deep: Any = "bottom"
for _ in range(10_000):
    deep = [deep]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        ([float("nan"), 1.5], ["NaN", 1.5]),
        (2**63, 2**63),
        (-(2**200), -(2**200)),
        (Colour.RED, 1),
        (Outcome.HIT, "HIT"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2025, 1, 2, 3, tzinfo=UTC), "2025-01-02 03:00:00+00:00"),
        (date(2025, 1, 2), "2025-01-02"),
        (timedelta(seconds=1), "0:00:01"),
        (ip_address("192.0.2.1"), "192.0.2.1"),
        (Path("/tmp/x"), "/tmp/x"),
        (b"ab\xff", "ab\\xff"),
        (bytearray(b"ab"), "ab"),
        ("a\ud800b", "a\\ud800b"),
        (["\udfff"], ["\\udfff"]),
        ({"\ud800": 1}, {"\\ud800": 1}),
        ({1: "a", "1": "b", None: "c", (1,): "d"}, {"1": "a", "1_": "b", "None": "c", "[1]": "d"}),
        ((1, "two"), [1, "two"]),
        (deque([1]), [1]),
        (frozenset({7}), [7]),
        (Point(1, "S3CRET"), {"x": 1, "password": "***"}),
        (ValueError("no"), "ValueError: no"),
        (Broken(), "<unprintable Broken>"),
        (BrokenMapping(a=1), "<unprintable BrokenMapping>"),
        ([Broken(), 1], ["<unprintable Broken>", 1]),
        (Odd(), "odd"),
        (circle, [1, "<circle>"]),
        (int, "<class 'int'>"),
    ],
)  # fmt: skip
def test_values_that_json_does_not_know_are_told_in_another_way(value: Any, written: Any) -> None:
    assert document_of(a_record(value=value))["value"] == written


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10_000_000,
        "\x00" * 1_000_000,
        "\U0001f600" * 100_000,
        b"x" * 10_000_000,
        10**100_000,
        list(range(1_000_000)),
        {str(number): number for number in range(100_000)},
        [["x" * 10_000] * 1_000] * 1_000,
        {"a" * 100_000: "b" * 100_000},
        deep,
    ],
    ids=lambda value: type(value).__name__,
)
def test_huge_values_are_cut(value: Any) -> None:
    document = document_of(a_record(before=1, value=value, after=2))
    assert (document["message"], document["before"], document["after"]) == ("said", 1, 2)
    assert "value" in document


def test_very_many_extras_are_cut_and_it_is_said() -> None:
    extras = {f"extra_{number}": "x" * 4_000 for number in range(1_000)}
    document = document_of(a_record(**extras))
    assert document["message"] == "said"
    assert document["truncated"] is True
    assert len(document) > 20


@pytest.mark.parametrize("size", [9_000, 1_000_000])
def test_a_long_message_is_cut_and_tells_its_length(size: int) -> None:
    document = document_of(a_record("x" * size))
    assert document["message"].startswith("x" * 8_000)
    assert document["message"].endswith(f"… ({size} characters)")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [("%d", ("x",)), ("%s %s", (1,)), ("100%", (1,)), ("%(a)s", ({"b": 1},)), ("%s", (Broken(),))],
)
def test_arguments_that_do_not_fit_lose_nothing(message: str, arguments: tuple[Any, ...]) -> None:
    document = document_of(a_record(message, *arguments))
    assert document["message"] == message
    assert "arguments" in document


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ({"a": 1}, "{'a': 1}"),
        (["a"], "['a']"),
        (ValueError("no"), "no"),
        (None, "None"),
        (5, "5"),
    ],
)
def test_a_message_may_be_any_object(message: Any, written: str) -> None:
    assert document_of(a_record(message))["message"] == written


def test_a_message_that_cannot_be_written_still_makes_a_line() -> None:
    assert "Broken" in document_of(a_record(Broken()))["message"]


@pytest.mark.parametrize(
    "forged", ['\n{"level":"INFO"}', "\r\n", "\u2028", "\x85", "\x0b", "\x1b[2J", '"},{"x":"']
)
def test_no_value_can_make_a_line_of_its_own(forged: str) -> None:
    document = document_of(a_record("a" + forged, path="/x" + forged, **{"n" + forged: forged}))
    assert document["message"] == "a" + forged
    assert document["path"] == "/x" + forged
    assert document["n" + forged] == forged


def test_names_of_loggers_and_levels_may_be_anything() -> None:
    record = a_record(rows=5)
    record.name, record.levelname = "a\ud800\n", "\udfff"
    document = document_of(record)
    assert (document["logger"], document["level"], document["rows"]) == ("a\\ud800\n", "\\udfff", 5)


def a_failure(error: BaseException) -> Any:
    try:
        raise error  # noqa: TRY301
    except BaseException:  # noqa: BLE001 - all of them are asked for
        return sys.exc_info()


def test_an_exception_is_part_of_the_line() -> None:
    document = document_of(a_record(exc_info=a_failure(ValueError("first\nsecond"))))
    assert document["exception"].startswith("Traceback (most recent call last)")
    assert document["exception"].endswith("ValueError: first\nsecond")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("\ud800"),
        ValueError("x" * 1_000_000),
        KeyboardInterrupt(),
        ExceptionGroup("several", [ValueError("1"), TypeError("2")]),
        type("Odd", (Exception,), {"__str__": Broken.__str__})(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_exception_can_be_told(error: BaseException) -> None:
    assert type(error).__name__ in document_of(a_record(exc_info=a_failure(error)))["exception"]


def test_of_a_long_traceback_both_ends_are_told() -> None:
    try:
        raise ValueError("the reason")  # noqa: TRY301
    except ValueError as error:
        error.add_note("x" * 100_000)
        error.add_note("the last word")
        document = document_of(a_record(exc_info=sys.exc_info()))
    assert "the reason" in document["exception"]
    assert document["exception"].endswith("the last word")


@pytest.mark.parametrize("info", [True, (None, None, None), ()])
def test_no_exception_is_no_field(info: Any) -> None:
    assert document_of(a_record(exc_info=info)).get("exception", "") == ""


def test_a_stack_is_part_of_the_line() -> None:
    assert document_of(a_record(stack_info="Stack:\n  here"))["stack"] == "Stack:\n  here"


@given(
    st.text(st.characters(exclude_categories=())),
    st.dictionaries(st.text(st.characters(exclude_categories=())), NESTED, max_size=8),
)
def test_whatever_is_logged_there_is_one_line_of_json(message: str, extras: dict[str, Any]) -> None:
    record = a_record(message)
    record.__dict__.update({f"x{name}": value for name, value in extras.items()})
    document = document_of(record)
    assert len(document) == 4 + len(extras)


def test_it_works_with_a_handler_of_the_standard_library() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("alone")  # noqa: LOG001 - known to nobody else
    logger.addHandler(handler)
    logger.warning("hello %s", "you", extra={"rows": 1})
    document = json.loads(stream.getvalue())
    assert (document["message"], document["rows"]) == ("hello you", 1)
