"""The command's entry: what goes wrong becomes one sentence and an exit code."""

import sys

from prismiq.domain.model.errors import PrismiqError, QueryValidationError

_OF_THE_EXTRA = {"redis", "rich", "typer", "uvicorn"}


def run() -> None:
    """Run the command line; exit with 0, 1 for failure, 2 for wrong usage, 130 for Ctrl-C."""
    try:
        from prismiq.entrypoints.cli.application import application  # noqa: PLC0415 - may be missing
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        sys.exit("The command line needs more packages: pip install 'prismiq[server]'.")
    try:
        application()
    except QueryValidationError as error:
        sentences = (f"{p.message} {p.suggestion or ''}".strip() for p in error.problems)
        sys.exit("\n".join(sentences))
    except PrismiqError as error:
        sys.exit(error.message)
    except KeyboardInterrupt:
        sys.exit(130)
