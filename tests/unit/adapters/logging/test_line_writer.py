"""Whoever logs never waits: neither for an output that stalls, nor for one that is gone."""

import json
import logging
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from prismiq.adapters.logging.console_formatter import ConsoleFormatter
from prismiq.adapters.logging.json_formatter import JsonFormatter
from prismiq.adapters.logging.line_writer import LATER_BYTES, LineWriter
from prismiq.adapters.logging.outputs import writer_to
from prismiq.adapters.logging.queueing_handler import QueueingHandler


class Pipe:
    """A pipe that is read only when a test says so."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        self.output = os.fdopen(reading)
        self.stream = os.fdopen(self.writing, "w")

    def is_full(self) -> bool:
        return not select.select([], [self.writing], [], 0)[1]

    def read_lines(self) -> list[str]:
        """Read what comes until the writing end is closed."""
        return self.output.read().splitlines()

    def close(self) -> None:
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.stream.close()
    pipe.output.close()


def a_handler(stream: Any, **options: Any) -> tuple[logging.Logger, QueueingHandler]:
    handler = QueueingHandler(stream, JsonFormatter(), **options)
    logger = logging.Logger("alone")  # noqa: LOG001 - known to nobody else
    logger.addHandler(handler)
    return logger, handler


def until_full(pipe: Pipe, logger: logging.Logger) -> int:
    """Log until the thread hangs in writing. A blocking handler would hang here for ever."""
    count = 0
    while not pipe.is_full():
        logger.info("x" * 1_000)
        count += 1
    return count


def test_lines_arrive_whole_and_in_order(pipe: Pipe) -> None:
    logger, handler = a_handler(pipe.stream)
    for number in range(100):
        logger.info("line %d", number)
    handler.close()
    pipe.close()
    lines = [json.loads(line)["message"] for line in pipe.read_lines()]
    assert lines == [f"line {number}" for number in range(100)]


def test_an_output_that_takes_nothing_holds_nobody_up_and_drops_are_told(pipe: Pipe) -> None:
    logger, handler = a_handler(pipe.stream, max_bytes=100_000)
    dropped: list[int] = []
    handler.on_dropped(dropped.append)

    logged = until_full(pipe, logger)
    for _ in range(1_000):
        logger.info("x" * 1_000)
    assert pipe.is_full()
    assert sum(dropped) > 800  # of a megabyte, a tenth waits
    assert handler._writer.flush(0.01) is False  # it says so, and does not wait for ever

    reader = threading.Thread(target=lambda: lines.extend(pipe.read_lines()))
    lines: list[str] = []
    reader.start()
    handler.flush()
    logger.info("after")
    handler.close()
    pipe.close()
    reader.join()

    documents = [json.loads(line) for line in lines]
    notes = [document for document in documents if "dropped" in document]
    assert {note["level"] for note in notes} == {"WARNING"}
    assert sum(note["dropped"] for note in notes) == sum(dropped)
    assert documents[-1]["message"] == "after"
    assert len(documents) - len(notes) - 1 + sum(dropped) == logged + 1_000


def test_drops_are_told_where_nothing_more_is_logged(pipe: Pipe) -> None:
    logger, handler = a_handler(pipe.stream, max_bytes=10_000)
    until_full(pipe, logger)
    for _ in range(100):
        logger.info("x" * 1_000)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(pipe.read_lines()))
    reader.start()
    handler.close()
    pipe.close()
    reader.join()
    assert "dropped" in json.loads(lines[-1])


def test_an_output_that_is_gone_loses_lines_and_tells_the_count(pipe: Pipe) -> None:
    logger, handler = a_handler(pipe.stream)
    told = threading.Event()
    dropped: list[int] = []

    def tell(count: int) -> None:
        dropped.append(count)
        told.set()

    handler.on_dropped(tell)
    pipe.output.close()
    for _ in range(5):
        logger.info("x")
    handler.close()
    assert told.wait(10)
    assert sum(dropped) == 5


def test_an_output_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.writing, False)
    logger, handler = a_handler(pipe.stream)
    for _ in range(1_000):
        logger.info("x" * 1_000)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(pipe.read_lines()))
    reader.start()
    handler.close()
    pipe.close()
    reader.join()
    assert len(lines) == 1_000


def test_a_stream_without_a_descriptor_is_written_to_as_well() -> None:
    stream = StringIO()
    logger, handler = a_handler(stream)
    logger.info("said")
    handler.flush()
    assert json.loads(stream.getvalue())["message"] == "said"
    stream.close()
    logger.info("lost")
    handler.close()


def test_a_line_can_be_written_at_once(pipe: Pipe) -> None:
    logger, handler = a_handler(pipe.stream)
    handler.writes_at_once = True
    logger.info("said")
    assert json.loads(pipe.output.readline())["message"] == "said"
    handler.close()


def test_lines_of_many_threads_do_not_mix(pipe: Pipe) -> None:
    logger, handler = a_handler(pipe.stream)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(pipe.read_lines()))
    reader.start()

    def log(name: int) -> None:
        for number in range(200):
            logger.info("x" * 3_000, extra={"by": name, "number": number})

    threads = [threading.Thread(target=log, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.close()
    pipe.close()
    reader.join()
    documents = [json.loads(line) for line in lines]
    assert len(documents) == 1_600
    for name in range(8):
        assert [d["number"] for d in documents if d["by"] == name] == list(range(200))


def test_a_handlers_filters_are_asked() -> None:
    stream = StringIO()
    logger, handler = a_handler(stream)
    handler.addFilter(lambda record: record.getMessage() != "no")
    logger.info("no")
    logger.info("yes")
    handler.close()
    assert json.loads(stream.getvalue())["message"] == "yes"


def test_lines_that_are_made_later_keep_their_place_and_a_failure_loses_one_only() -> None:
    stream = StringIO()
    lost: list[int] = []
    writer = LineWriter(writer_to(stream), lambda count: b"%d" % count)
    writer.on_dropped = lost.append

    def failing() -> bytes:
        raise RuntimeError

    for line in (b"1\n", lambda: b"2\n", failing, b"3\n", lambda: b"4\n"):
        writer.put(line)
    writer.close(2)
    assert stream.getvalue() == "1\n2\n3\n4\n"
    assert lost == [1]


def test_lines_that_are_made_later_are_bounded_as_well() -> None:
    may_write = threading.Event()
    written: list[bytes] = []
    lost: list[int] = []

    def write(data: bytes) -> None:
        may_write.wait()
        written.append(data)

    writer = LineWriter(write, lambda _count: b"", max_bytes=10 * LATER_BYTES)
    writer.on_dropped = lost.append
    for _ in range(500):
        writer.put(lambda: b"x")
    may_write.set()
    writer.close(2)
    assert len(b"".join(written)) + len(lost) == 500
    assert 480 <= len(lost) <= 490  # what waits, and what the thread may have taken already


def test_an_event_is_the_line_of_its_record(pipe: Pipe) -> None:
    _, handler = a_handler(pipe.stream)
    fields = {"method": "GET", "path": "/\n", "bytes": 3, "password": "hush", "level": "x"}
    handler.log_event(logging.INFO, "shop", "Request completed", fields)
    record = logging.LogRecord("shop", logging.INFO, "", 0, "Request completed", (), None)
    record.__dict__.update(fields)
    handler.handle(record)
    handler.setLevel(logging.WARNING)
    handler.log_event(logging.INFO, "shop", "not of this level", {})
    handler.close()
    pipe.close()
    event, of_record = (json.loads(line) for line in pipe.read_lines())
    assert event.pop("timestamp")[:10] == of_record.pop("timestamp")[:10]
    assert event == of_record
    assert list(event) == list(of_record)
    assert event["password"] == "***"


def test_filters_are_asked_about_events_too() -> None:
    stream = StringIO()
    _, handler = a_handler(stream)
    handler.addFilter(lambda record: record.getMessage() != "no")
    handler.log_event(logging.INFO, "shop", "no", {})
    handler.log_event(logging.INFO, "shop", "yes", {"number": 1})
    handler.close()
    document = json.loads(stream.getvalue())
    assert (document["message"], document["number"]) == ("yes", 1)


@pytest.mark.parametrize("formatter_of", [JsonFormatter, ConsoleFormatter])
def test_an_event_carries_the_request_it_was_told_in(formatter_of: Any) -> None:
    stream, current = StringIO(), ["r-1"]
    formatter = formatter_of(context=lambda: {"request_id": current[0]})
    handler = QueueingHandler(stream, formatter)
    handler.log_event(logging.INFO, "shop", "told", {"number": 1})
    current[0] = "r-2"  # before a line is made of it
    handler.close()
    assert "r-1" in stream.getvalue()
    assert "r-2" not in stream.getvalue()


def test_a_writer_flushes_nothing_at_once() -> None:
    writer = LineWriter(writer_to(StringIO()), lambda count: b"%d" % count)
    assert writer.flush(0) is True
    assert writer.close(0) is True


_AT_THE_END = """
import logging, os, sys
from prismiq.adapters.logging.console_formatter import ConsoleFormatter
from prismiq.adapters.logging.json_formatter import JsonFormatter
from prismiq.adapters.logging.queueing_handler import QueueingHandler
logging.getLogger().addHandler(QueueingHandler(sys.stdout, JsonFormatter()))
logging.warning("of the parent")
if sys.argv[1] == "fork" and os.fork() == 0:
    logging.warning("of the child")
    logging.shutdown()
    os._exit(0)
if sys.argv[1] == "fork":
    os.wait()
"""


@pytest.mark.parametrize(
    ("how", "messages"), [("alone", ["parent"]), ("fork", ["child", "parent"])]
)
def test_the_last_lines_of_a_process_are_written_once(how: str, messages: list[str]) -> None:
    said = subprocess.check_output([sys.executable, "-c", _AT_THE_END, how], text=True)
    found = sorted(json.loads(line)["message"].split()[-1] for line in said.splitlines())
    assert found == messages
