"""Where the server's files live."""

import os
from pathlib import Path

from prismiq.adapters.embedded.account import Account
from prismiq.domain.model.errors import ConfigurationError


def default_data_dir() -> Path:
    """Return ``/var/lib/prismiq`` for root, else ``prismiq`` in the user's data directory.

    Raises:
        ConfigurationError: this user has no home directory.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/prismiq")
    configured = Path(os.environ.get("XDG_DATA_HOME", ""))
    if configured.is_absolute():
        return configured / "prismiq"
    try:
        return Path.home() / ".local" / "share" / "prismiq"
    except RuntimeError as error:
        raise ConfigurationError(
            "This user has no home directory: say where the data directory is to be."
        ) from error


def prepare_data_dir(path: Path, account: Account) -> None:
    """Make the directory if it is missing. Directories that exist are never changed.

    Raises:
        ConfigurationError: it cannot be made or written, or the account cannot enter it.
    """
    try:
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o700 if account.name is None else 0o755)
    except OSError as error:
        raise _unusable(path) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unusable(path)
    if not account.can_enter(path):
        raise ConfigurationError(
            f"The server runs as account {account.name!r}, which may not enter {path}:"
            " choose another data directory."
        )


def _unusable(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The data directory {path} cannot be written: choose another data directory."
    )
