"""Setting logging up changes what it says it changes, once, and all of it can be undone."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from prismiq import ConfigurationError, Settings, StructuredFormatter, setup_logging
from prismiq.adapters.http.request_context import enter_request, leave_request
from prismiq.entrypoints.server_logging import logging_while_serving, secrets_of, set_up_process
from prismiq.entrypoints.structured_logging import current_setup

NAMES = ("", "prismiq", "uvicorn", "uvicorn.error", "uvicorn.access", "shop")


def state() -> dict[str, Any]:
    loggers = {name: logging.getLogger(name) for name in NAMES}
    return {
        name: (list(logger.handlers), logger.level, logger.propagate)
        for name, logger in loggers.items()
    }


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = state()
    yield
    setup = current_setup()
    if setup is not None:
        setup.undo()
    assert state() == before


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def documents(stream: io.StringIO) -> list[dict[str, Any]]:
    setup = current_setup()
    if setup is not None:
        setup.flush()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_records_are_lines_of_json_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with setup_logging():
        logging.getLogger("prismiq.query").info("asked", extra={"rows": 5})
        logging.getLogger("prismiq.query").debug("not asked")
    (line,) = capsys.readouterr().out.splitlines()
    document = json.loads(line)
    assert (document["message"], document["rows"]) == ("asked", 5)


def test_the_level_is_heeded_in_any_case(stream: io.StringIO) -> None:
    setup_logging("warning", stream=stream)
    logging.getLogger("prismiq").info("no")
    logging.getLogger("prismiq").warning("yes")
    assert [document["message"] for document in documents(stream)] == ["yes"]


def test_an_unknown_level_is_refused_and_changes_nothing() -> None:
    with pytest.raises(ConfigurationError, match="must be one of DEBUG, INFO"):
        setup_logging("LOUD")


def test_people_get_lines_without_braces(stream: io.StringIO) -> None:
    setup_logging("INFO", json_format=False, stream=stream).on_dropped(None)
    logging.getLogger("prismiq").info("said", extra={"rows": 5})
    setup = current_setup()
    assert setup is not None
    setup.flush()
    assert stream.getvalue().endswith("INFO     prismiq said rows=5\n")


def test_twice_is_once(stream: io.StringIO) -> None:
    before = state()
    for _ in range(3):
        setup = setup_logging(stream=stream)
    logging.getLogger("prismiq").info("said")
    assert len(documents(stream)) == 1
    setup.undo()
    setup.undo()
    assert state() == before


def test_an_older_setup_undoes_nothing_of_a_newer_one(stream: io.StringIO) -> None:
    older = setup_logging(stream=io.StringIO())
    setup_logging(stream=stream)
    older.undo()
    logging.getLogger("prismiq").info("said")
    assert len(documents(stream)) == 1


def test_loggers_of_others_stay_as_they_are(stream: io.StringIO) -> None:
    before = state()
    setup_logging(stream=stream)
    after = state()
    assert (before[""], before["shop"]) == (after[""], after["shop"])
    logging.getLogger("shop").warning("said")
    assert documents(stream) == []


def test_a_record_goes_one_way_only(stream: io.StringIO) -> None:
    seen: list[logging.LogRecord] = []

    class Root(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    handler = Root()
    logging.getLogger().addHandler(handler)
    try:
        with setup_logging(stream=stream):
            logging.getLogger("prismiq").error("ours")
            logging.getLogger("uvicorn.error").error("the server's")
    finally:
        logging.getLogger().removeHandler(handler)
    assert seen == []
    messages = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert messages == ["ours", "the server's"]


def test_uvicorns_access_lines_are_off(stream: io.StringIO) -> None:
    logger = logging.getLogger("uvicorn.access")
    logger.addHandler(logging.StreamHandler(stream))
    with setup_logging(stream=stream):
        assert not logger.hasHandlers()  # what uvicorn asks before it makes such a line
        logger.info('127.0.0.1 - "GET /"')
    assert stream.getvalue() == ""
    assert len(logger.handlers) == 1
    logger.handlers.clear()


def test_records_of_a_request_carry_its_id(stream: io.StringIO) -> None:
    setup_logging(stream=stream)
    token = enter_request({"request_id": "r-1", "trace_id": "t-1"})
    logging.getLogger("prismiq").info("inside")
    leave_request(token)  # before the line is written, as a task that ends
    logging.getLogger("prismiq").info("outside")
    inside, outside = documents(stream)
    assert (inside["request_id"], inside["trace_id"]) == ("r-1", "t-1")
    assert "request_id" not in outside


def test_the_formatter_knows_the_request_in_any_handler(stream: io.StringIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(StructuredFormatter(secrets=["correct horse"]))
    token = enter_request({"request_id": "r-1"})
    handler.handle(logging.makeLogRecord({"msg": "it is correct horse"}))
    leave_request(token)
    document = json.loads(stream.getvalue())
    assert (document["request_id"], document["message"]) == ("r-1", "it is ***")


URL = "postgresql://ann:S3cr%2Ft-V@127.0.0.1:1/shop"


def test_secrets_of_settings_are_known_in_all_their_forms(stream: io.StringIO) -> None:
    settings = Settings(
        database_url=URL, redis_url="redis://:R3dis-Pw@h", admin_token="Adm1n-T0ken"
    )
    assert {"S3cr%2Ft-V", "S3cr/t-V", URL, "R3dis-Pw", "Adm1n-T0ken"} <= set(secrets_of(settings))
    with set_up_process(settings, stream=stream):
        for secret in ("S3cr/t-V", "S3cr%2Ft-V", "R3dis-Pw", "Adm1n-T0ken"):
            logging.getLogger("prismiq").info("the driver says '%s'", secret)
            assert secret not in stream.getvalue()
    assert stream.getvalue().count("***") == 4


def test_an_address_that_is_none_is_a_secret_as_a_whole() -> None:
    settings = Settings(database_url="postgresql://u:p@[1/x")
    assert "postgresql://u:p@[1/x" in secrets_of(settings)


def test_a_process_of_our_own_hears_everybody_who_warns(stream: io.StringIO) -> None:
    with set_up_process(Settings(database_url=URL), stream=stream):
        logging.getLogger("shop").info("quiet")
        logging.getLogger("shop").warning("loud")
        logging.getLogger("prismiq").info("ours")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(False)
            logging.captureWarnings(True)
            warnings.warn("of python", stacklevel=1)
    said = [(d["logger"], d["message"].split("\n")[0]) for d in map(json.loads, lines(stream))]
    assert said[:2] == [("shop", "loud"), ("prismiq", "ours")]
    assert said[2][0] == "py.warnings"


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_a_served_application_logs_as_its_settings_say_while_it_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Settings(database_url=URL, log_level="debug", log_format="console")
    with logging_while_serving(settings):
        logging.getLogger("prismiq").debug("said")
    assert current_setup() is None
    assert capsys.readouterr().out.endswith("DEBUG    prismiq said\n")


def test_what_the_process_has_set_up_stays_and_writes_its_last_lines_at_once(
    stream: io.StringIO,
) -> None:
    dropped: list[int] = []
    setup = setup_logging(stream=stream)
    with logging_while_serving(Settings(database_url=URL, log_level="ERROR"), dropped.append):
        logging.getLogger("prismiq").info("said")
    assert current_setup() is setup
    logging.getLogger("uvicorn.error").info("Finished")
    assert [json.loads(line)["message"] for line in lines(stream)] == ["said", "Finished"]
