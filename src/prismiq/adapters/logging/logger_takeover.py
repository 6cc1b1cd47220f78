"""Which loggers get our handler, and how they get back what they had."""

import logging
from collections.abc import Sequence

_OURS = "prismiq"
_UVICORN = "uvicorn"
_UVICORN_ERROR = "uvicorn.error"
_UVICORN_ACCESS = "uvicorn.access"
_Before = tuple[logging.Logger, list[logging.Handler], int, bool]


class LoggerTakeover:
    """Gives a handler to Prismiq's logger and to uvicorn's, and silences uvicorn's access log.

    The records go nowhere else then, so that no line is written twice. Handlers that somebody has
    added to Prismiq's own logger stay.

    Args:
        handler: gets the records.
        level: the least level they have.
        whole_process: whether the root logger is ours too; other libraries are heard from
            WARNING on, and warnings of Python are records.
    """

    def __init__(self, handler: logging.Handler, level: str, *, whole_process: bool) -> None:
        self._before: list[_Before] = []
        self._captures_warnings = whole_process
        own = logging.getLogger(_OURS)
        self._take(_OURS, [*own.handlers, handler], level)
        self._take(_UVICORN, [handler], level)
        self._take(_UVICORN_ERROR, [], level, propagate=True)
        self._take(_UVICORN_ACCESS, [], level)
        if whole_process:
            least = max(logging.getLevelName(level), logging.WARNING)
            self._take("root", [handler], least)
            logging.captureWarnings(True)

    def undo(self) -> None:
        """Give all loggers back what they had."""
        for logger, handlers, level, propagate in self._before:
            logger.handlers[:] = handlers
            logger.setLevel(level)
            logger.propagate = propagate
        if self._captures_warnings:
            logging.captureWarnings(False)

    def _take(
        self,
        name: str,
        handlers: Sequence[logging.Handler],
        level: str | int,
        *,
        propagate: bool = False,
    ) -> None:
        logger = logging.getLogger() if name == "root" else logging.getLogger(name)
        self._before.append((logger, list(logger.handlers), logger.level, logger.propagate))
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
