"""Logging of the ready-made server, as its settings say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.structured_logging import LoggingSetup, current_setup, setup_logging


def set_up_process(settings: Settings, *, stream: TextIO | None = None) -> LoggingSetup:
    """Set up logging for a process that does nothing but serve."""
    return _set_up(settings, stream=stream, whole_process=True)


@contextmanager
def logging_while_serving(
    settings: Settings, on_dropped: Callable[[int], None] | None = None
) -> Iterator[None]:
    """Log as the settings say while an application runs, unless that was set up before.

    At the end everything is written, and what was set up here is undone. Where the process goes
    on to end, each later line is written at once.

    Args:
        settings: say how.
        on_dropped: is told how many lines were lost.
    """
    before = current_setup()
    setup = before or _set_up(settings, whole_process=False)
    setup.on_dropped(on_dropped)
    setup.end_is_near(near=False)
    try:
        yield
    finally:
        setup.end_is_near()
        setup.on_dropped(None)
        if before is None:
            setup.undo()


def secrets_of(settings: Settings) -> list[str]:
    """Return all secrets of the settings: whole, and the passwords in them as they may appear."""
    found = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            found += _forms(value.get_secret_value())
    return found


def _set_up(
    settings: Settings, *, stream: TextIO | None = None, whole_process: bool
) -> LoggingSetup:
    return setup_logging(
        settings.log_level,
        json_format=settings.log_format == "json",
        stream=stream,
        secrets=secrets_of(settings),
        whole_process=whole_process,
    )


def _forms(secret: str) -> list[str]:
    try:
        password = urlsplit(secret).password
    except ValueError:  # brackets that are no address
        password = None
    # A URL is known as a whole too, since a password may hold what splits it in other places.
    return [secret, password, unquote(password)] if password else [secret]
