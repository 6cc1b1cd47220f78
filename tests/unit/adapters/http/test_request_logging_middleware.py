"""Every request ends in one record, and everything said during it carries its id."""

import asyncio
import contextvars
import gc
import logging
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from prismiq.adapters.http.request_context import request_fields
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.system.no_metrics import NoMetrics

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
Application = Callable[[Any, Any, Any], Awaitable[None]]


class Records(logging.Handler):
    """Keeps what is logged, with the fields of the request it was logged in."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.__dict__.update(request_fields())
        self.all.append(record)

    def of(self, message: str) -> list[dict[str, Any]]:
        return [vars(record) for record in self.all if record.getMessage() == message]

    def only_end(self) -> dict[str, Any]:
        (record,) = self.of("Request completed")
        return record


@pytest.fixture
def records() -> Iterator[Records]:
    handler = Records()
    logger = logging.getLogger()
    before = logger.level
    logger.addHandler(handler)
    logging.getLogger("prismiq").setLevel(logging.DEBUG)
    yield handler
    logging.getLogger("prismiq").setLevel(logging.NOTSET)
    logger.setLevel(before)
    logger.removeHandler(handler)


class Counts(NoMetrics):
    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def request_started(self, method: str, endpoint: str) -> None:
        self.events.append(("started", method, endpoint))

    def request_finished(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        self.events.append(("finished", method, endpoint, status, seconds))


class Ticks:
    """A second passes whenever a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def scope_of(method: str = "GET", path: str = "/", **headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1", "replace"),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
        "client": ("192.0.2.7", 4711),
        "server": ("test", 80),
        "scheme": "http",
        "http_version": "1.1",
    }


class Connection:
    """A client that sends an empty body and then stays, or leaves."""

    def __init__(self, *, leaves: bool = False, send_fails: bool = False) -> None:
        self.sent: list[Any] = []
        self._leaves = leaves
        self._send_fails = send_fails
        self._has_sent_body = False

    async def receive(self) -> Any:
        if not self._has_sent_body:
            self._has_sent_body = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if not self._leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self._send_fails and message["type"] == "http.response.body":
            raise OSError("closed")
        self.sent.append(message)

    def header(self, name: bytes) -> list[bytes]:
        return [value for header, value in self.sent[0]["headers"] if header == name]


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"four"


def an_application() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: str) -> Response:
        logging.getLogger("prismiq.query").info("asked")
        return PlainTextResponse(item_id, headers={"X-Cache": "HIT"})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("no")

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(pieces(3))

    app.add_middleware(RequestLoggingMiddleware)
    return app


async def test_the_record_says_what_an_operator_asks(records: Records) -> None:
    connection = Connection()
    scope = scope_of(
        path="/items/seven", x_request_id="r-1", traceparent=f"00-{TRACE}-{'1' * 16}-01"
    )
    await an_application()(scope, connection.receive, connection.send)
    end = records.only_end()
    expected = {
        "name": "prismiq.http.requests",
        "levelname": "INFO",
        "method": "GET",
        "route": "/items/{item_id}",
        "path": "/items/seven",
        "status_code": 200,
        "bytes": 5,
        "client_ip": "192.0.2.7",
        "cache": "HIT",
        "request_id": "r-1",
        "trace_id": TRACE,
    }
    assert {name: end[name] for name in expected} == expected
    assert end["duration_ms"] >= 0
    assert "sent_status" not in end
    assert "error" not in end
    assert connection.header(b"x-request-id") == [b"r-1"]
    (query,) = records.of("asked")
    assert (query["request_id"], query["trace_id"]) == ("r-1", TRACE)
    (start,) = records.of("Request started")
    assert start["levelname"] == "DEBUG"
    assert (start["method"], start["path"], start["request_id"]) == ("GET", "/items/seven", "r-1")


async def test_what_is_not_enabled_is_not_logged(records: Records) -> None:
    logging.getLogger("prismiq").setLevel(logging.ERROR)
    connection = Connection()
    await an_application()(scope_of(path="/items/7"), connection.receive, connection.send)
    assert records.all == []
    assert len(connection.header(b"x-request-id")) == 1


async def test_a_trace_that_is_not_valid_is_left_out(records: Records) -> None:
    connection = Connection()
    scope = scope_of(path="/items/7", traceparent="00-nonsense-1-01")
    await an_application()(scope, connection.receive, connection.send)
    assert "trace_id" not in records.only_end()


async def test_a_raised_error_is_status_500(records: Records) -> None:
    app = an_application()
    connection = Connection()
    with pytest.raises(RuntimeError):
        await app(scope_of(path="/broken"), connection.receive, connection.send)
    end = records.only_end()
    assert (end["status_code"], end["route"], end["error"]) == (500, "/broken", "RuntimeError")
    assert end["levelname"] == "ERROR"


async def test_the_server_logs_the_error_with_the_id_of_its_request(records: Records) -> None:
    async def serve() -> None:  # as uvicorn does: a task per request, the log in the same task
        try:
            await an_application()(
                scope_of(path="/broken", x_request_id="r-2"), connection.receive, connection.send
            )
        except RuntimeError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

    connection = Connection()
    await asyncio.create_task(serve())
    (said,) = records.of("Exception in ASGI application")
    assert said["request_id"] == "r-2"
    assert not request_fields()


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/items", 404)])
async def test_unknown_addresses_are_one_route(records: Records, path: str, status: int) -> None:
    connection = Connection()
    await an_application()(scope_of(path=path), connection.receive, connection.send)
    end = records.only_end()
    assert (end["route"], end["path"], end["status_code"]) == ("_unmatched", path, status)
    assert end["levelname"] == "INFO"


async def test_a_made_up_method_is_one_of_many(records: Records) -> None:
    connection = Connection()
    scope = scope_of(method="BREW", path="/items/7")
    await an_application()(scope, connection.receive, connection.send)
    end = records.only_end()
    assert (end["method"], end["status_code"]) == ("_other", 405)


async def test_bytes_of_a_stream_are_added_up(records: Records) -> None:
    connection = Connection()
    await an_application()(scope_of(path="/stream"), connection.receive, connection.send)
    assert records.only_end()["bytes"] == 12


async def test_an_answer_to_head_has_no_bytes(records: Records) -> None:
    connection = Connection()
    middleware = RequestLoggingMiddleware(PlainTextResponse("four"))
    await middleware(scope_of("HEAD"), connection.receive, connection.send)
    assert records.only_end()["bytes"] == 0


async def test_a_file_that_the_server_sends_counts(records: Records, tmp_path: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    connection = Connection()
    scope = {**scope_of(), "extensions": {"http.response.pathsend": {}}}
    await RequestLoggingMiddleware(FileResponse(path))(scope, connection.receive, connection.send)
    assert connection.sent[-1]["type"] == "http.response.pathsend"
    assert (records.only_end()["bytes"], records.only_end()["status_code"]) == (100, 200)


async def test_a_stream_that_breaks_is_an_error(records: Records) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"four"
        raise ValueError("no more")

    connection = Connection()
    with pytest.raises(ValueError, match="no more"):
        await RequestLoggingMiddleware(StreamingResponse(breaking()))(
            scope_of(), connection.receive, connection.send
        )
    end = records.only_end()
    assert (end["status_code"], end["sent_status"], end["bytes"]) == (500, 200, 4)
    assert (end["error"], end["levelname"]) == ("ValueError", "ERROR")


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_a_client_that_leaves_amid_a_stream_is_499(
    records: Records, spec_version: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"four"
            await asyncio.sleep(0)

    connection = Connection(leaves=spec_version == "2.3", send_fails=spec_version == "2.4")
    scope = {**scope_of(), "asgi": {"version": "3.0", "spec_version": spec_version}}
    try:
        await RequestLoggingMiddleware(StreamingResponse(endless()))(
            scope, connection.receive, connection.send
        )
    except ClientDisconnect:
        assert spec_version == "2.4"
    end = records.only_end()
    assert (end["status_code"], end["sent_status"]) == (499, 200)
    assert end["levelname"] == "WARNING"


async def test_a_client_that_leaves_before_the_answer_is_499(records: Records) -> None:
    async def reads_the_body(_scope: Any, receive: Any, _send: Any) -> None:
        while True:
            if (await receive())["type"] == "http.disconnect":
                return

    connection = Connection(leaves=True)
    await RequestLoggingMiddleware(reads_the_body)(scope_of(), connection.receive, connection.send)
    end = records.only_end()
    assert end["status_code"] == 499
    assert "sent_status" not in end


@pytest.mark.parametrize("starts", [True, False])
async def test_an_application_that_forgets_to_answer_has_failed(
    records: Records, starts: bool
) -> None:
    async def forgetful(_scope: Any, _receive: Any, send: Any) -> None:
        if starts:
            await send({"type": "http.response.start", "status": 200})

    connection = Connection()
    await RequestLoggingMiddleware(forgetful)(scope_of(), connection.receive, connection.send)
    assert records.only_end()["status_code"] == 500


async def test_a_request_that_the_server_cuts_off_is_503(records: Records) -> None:
    async def slow(*_arguments: Any) -> None:
        await asyncio.Event().wait()

    connection = Connection()
    middleware = RequestLoggingMiddleware(slow)
    task = asyncio.create_task(middleware(scope_of(), connection.receive, connection.send))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (records.only_end()["status_code"], records.only_end()["error"]) == (
        503,
        "CancelledError",
    )


async def test_the_record_comes_with_the_last_byte_and_not_after_background_work(
    records: Records,
) -> None:
    ticks = Ticks()
    seen_by_background: list[Any] = []

    async def streaming() -> AsyncIterator[bytes]:
        ticks.now += 2
        yield b"1"

    async def background() -> None:
        seen_by_background.extend(records.of("Request completed"))
        logging.getLogger("prismiq").info("afterwards")
        ticks.now += 100
        raise RuntimeError("too late to matter")

    connection = Connection()
    response = StreamingResponse(streaming(), background=BackgroundTask(background))
    middleware = RequestLoggingMiddleware(response, monotonic=ticks)
    with pytest.raises(RuntimeError):
        await middleware(scope_of(x_request_id="r-3"), connection.receive, connection.send)
    end = records.only_end()
    assert len(seen_by_background) == 1
    assert (end["duration_ms"], end["status_code"]) == (2_000.0, 200)
    assert records.of("afterwards")[0]["request_id"] == "r-3"


async def test_tasks_that_a_request_starts_carry_its_id_and_the_next_request_does_not(
    records: Records,
) -> None:
    goes_on = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def later() -> None:
        await goes_on.wait()
        logging.getLogger("prismiq").info("later")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(later()))
        await asyncio.to_thread(logging.getLogger("prismiq").info, "in a thread")
        await PlainTextResponse("")(scope, receive, send)

    middleware = RequestLoggingMiddleware(app)
    for name in ("r-4", "r-5"):
        connection = Connection()
        await middleware(scope_of(x_request_id=name), connection.receive, connection.send)
    assert not request_fields()
    goes_on.set()
    await asyncio.gather(*tasks)
    assert [record["request_id"] for record in records.of("later")] == ["r-4", "r-5"]
    assert [record["request_id"] for record in records.of("in a thread")] == ["r-4", "r-5"]


async def test_context_variables_of_the_application_stay_with_it() -> None:
    variable = contextvars.ContextVar("variable", default=0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        variable.set(variable.get() + 1)
        await PlainTextResponse("")(scope, receive, send)

    connection = Connection()
    await RequestLoggingMiddleware(app)(scope_of(), connection.receive, connection.send)
    assert variable.get() == 1  # the same task, as a pure ASGI middleware has it


async def test_metrics_are_told_of_the_same_request() -> None:
    counts, ticks = Counts(), Ticks()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert counts.events == [("started", "GET", "_unmatched")]
        ticks.now += 0.5
        await PlainTextResponse("", status_code=418)(scope, receive, send)

    connection = Connection()
    middleware = RequestLoggingMiddleware(app, metrics=counts, monotonic=ticks)
    await middleware(scope_of(), connection.receive, connection.send)
    assert counts.events[1:] == [("finished", "GET", "_unmatched", 418, 0.5)]


async def test_the_client_is_named_by_whom_the_integrator_trusts(records: Records) -> None:
    def forwarded(request: Request) -> str:
        return request.headers["x-forwarded-for"]

    middleware = RequestLoggingMiddleware(PlainTextResponse(""), client_ip=forwarded)
    for headers, named in (({"x_forwarded_for": "203.0.113.9"}, "203.0.113.9"), ({}, None)):
        connection = Connection()
        await middleware(scope_of(**headers), connection.receive, connection.send)
        assert records.of("Request completed")[-1]["client_ip"] == named


async def test_without_a_peer_there_is_no_address(records: Records) -> None:
    connection = Connection()
    scope = {**scope_of(), "client": None}
    middleware = RequestLoggingMiddleware(PlainTextResponse(""))
    await middleware(scope, connection.receive, connection.send)
    assert records.only_end()["client_ip"] is None


async def test_two_of_them_make_one_record(records: Records) -> None:
    connection = Connection()
    middleware = RequestLoggingMiddleware(RequestLoggingMiddleware(PlainTextResponse("")))
    await middleware(scope_of(), connection.receive, connection.send)
    assert records.only_end()["status_code"] == 200
    assert len(connection.header(b"x-request-id")) == 1


async def test_a_long_path_is_cut(records: Records) -> None:
    connection = Connection()
    middleware = RequestLoggingMiddleware(PlainTextResponse(""))
    await middleware(scope_of(path="/" + "x" * 5000), connection.receive, connection.send)
    assert len(records.only_end()["path"]) == 512


async def test_other_protocols_pass_untouched(records: Records) -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.append(arguments)

    for kind in ("lifespan", "websocket"):
        arguments = ({"type": kind}, Connection().receive, Connection().send)
        await RequestLoggingMiddleware(app)(*arguments)
        assert seen.pop() == arguments
    assert records.all == []


async def test_an_answer_that_names_the_request_itself_keeps_one_name() -> None:
    response = PlainTextResponse("", headers={"X-Request-ID": "mine"})
    connection = Connection()
    await RequestLoggingMiddleware(response)(scope_of(), connection.receive, connection.send)
    assert connection.header(b"x-request-id") == [b"mine"]


async def test_a_browser_sees_the_id_too() -> None:
    transport = httpx.ASGITransport(app=an_application())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/items/7")
    assert len(response.headers["x-request-id"]) == 32


async def test_each_record_has_its_own_time_level_and_fields(records: Records) -> None:
    for status in (200, 500, 200):
        connection = Connection()
        middleware = RequestLoggingMiddleware(PlainTextResponse("", status_code=status))
        await middleware(scope_of(), connection.receive, connection.send)
    ends = [r for r in records.all if r.getMessage() == "Request completed"]
    assert [end.levelname for end in ends] == ["INFO", "ERROR", "INFO"]
    assert [end.levelno for end in ends] == [20, 40, 20]
    assert ends[0].created < ends[1].created < ends[2].created
    assert ends[0].relativeCreated < ends[1].relativeCreated < ends[2].relativeCreated
    plain = logging.LogRecord("x", 20, "", 0, "", (), None)
    for end in ends:
        assert vars(plain).keys() <= vars(end).keys()
        assert (end.thread, end.process) == (plain.thread, plain.process)
        assert end.msecs == pytest.approx(end.created % 1 * 1000, abs=1)


async def test_an_application_that_makes_records_its_own_way_makes_these_too(
    records: Records,
) -> None:
    class Own(logging.LogRecord):
        pass

    logging.setLogRecordFactory(Own)
    try:
        for _ in range(2):
            connection = Connection()
            middleware = RequestLoggingMiddleware(PlainTextResponse(""))
            await middleware(scope_of(), connection.receive, connection.send)
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    assert {type(record) for record in records.all} == {Own}


class Events(logging.Handler):
    """Needs no records, but takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.records: list[str] = []

    def log_event(self, level: int, logger: str, message: str, fields: Any) -> None:
        self.events.append(f"{logging.getLevelName(level)} {logger} {message} {fields['route']}")

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())


@pytest.fixture
def ours() -> Iterator[logging.Logger]:
    logger = logging.getLogger("prismiq")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    of_pytest = list(logger.handlers)
    yield logger
    logger.handlers[:] = of_pytest
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


async def one_request() -> None:
    connection = Connection()
    middleware = RequestLoggingMiddleware(PlainTextResponse(""))
    await middleware(scope_of(), connection.receive, connection.send)


async def test_a_handler_that_needs_no_record_gets_none(ours: logging.Logger) -> None:
    handler = Events()
    ours.handlers[:] = [handler]
    await one_request()
    assert handler.events == ["INFO prismiq.http.requests Request completed _unmatched"]
    assert handler.records == []


async def test_everybody_gets_a_record_where_somebody_needs_one(ours: logging.Logger) -> None:
    handler, other = Events(), Records()
    ours.handlers[:] = [handler, other]
    await one_request()
    assert handler.events == []
    assert handler.records == ["Request completed"]
    assert other.only_end()["status_code"] == 200


async def test_a_filter_of_the_logger_sees_a_record(ours: logging.Logger) -> None:
    handler = Events()
    ours.handlers[:] = [handler]
    logger = logging.getLogger("prismiq.http.requests")
    refuse: Callable[[logging.LogRecord], bool] = lambda _record: False  # noqa: E731
    logger.addFilter(refuse)
    try:
        await one_request()
    finally:
        logger.removeFilter(refuse)
    assert handler.events == handler.records == []


def wrapped(call: Any) -> Any:
    def hears(self: logging.Logger, record: logging.LogRecord) -> None:
        HEARD.append(record.getMessage())
        call(self, record)

    return hears


class Proxy:
    """Looks like what it stands for, as agents do that measure."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __get__(self, logger: logging.Logger | None, kind: Any = None) -> Any:
        return self if logger is None else partial(wrapped(self._call), logger)


HEARD: list[str] = []


@pytest.mark.parametrize("wrap", [wrapped, Proxy])
async def test_who_listens_in_the_place_of_the_logger_hears_of_requests(
    ours: logging.Logger, monkeypatch: pytest.MonkeyPatch, wrap: Any
) -> None:
    handler = Events()
    ours.handlers[:] = [handler]
    HEARD.clear()
    monkeypatch.setattr(logging.Logger, "callHandlers", wrap(logging.Logger.callHandlers))
    await one_request()
    assert HEARD == handler.records == ["Request completed"]
    assert handler.events == []


async def test_a_request_that_is_over_is_no_garbage() -> None:
    """Nothing holds on to a request but its own parts: the collector would have to find those."""
    middleware = RequestLoggingMiddleware(PlainTextResponse(""))

    async def one_scope() -> "weakref.ref[Any]":
        connection = Connection()
        scope = scope_of()
        await middleware(scope, connection.receive, connection.send)
        return weakref.ref(connection)

    gc.disable()
    try:
        connection = await one_scope()
        assert connection() is None
    finally:
        gc.enable()
