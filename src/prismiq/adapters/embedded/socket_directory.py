"""Where the server's Unix socket lives: short enough, and closed to other accounts."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prismiq.adapters.embedded.account import Account

SOCKET_FILE = ".s.PGSQL.5432"
_LONGEST_PATH = 103  # bytes: macOS has room for 104, Linux for 108, with the final NUL
_PLAIN_PATH = re.compile(r"/[\w@%+=:./ -]*")  # commas and quotes would make a list of it


def choose_socket_dir(data_dir: Path) -> Path:
    """Return a place below the data directory, or below the temporary one if that is too long."""
    inside = data_dir / "socket"
    length = len(os.fsencode(inside / SOCKET_FILE))
    if length <= _LONGEST_PATH and _PLAIN_PATH.fullmatch(str(inside)):
        return inside
    return Path(tempfile.gettempdir()) / f"prismiq-{secrets.token_hex(8)}"


@contextmanager
def socket_directory(path: Path, account: Account, *, is_chosen: bool) -> Iterator[None]:
    """Make the directory for the account alone and remove it again.

    One that somebody has chosen (``is_chosen``) stays as it is if it exists. Else what is there
    is left over from a server whose starter was killed.
    """
    if is_chosen and path.exists():
        yield
        return
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(mode=0o700)
    try:
        account.own(path)
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
