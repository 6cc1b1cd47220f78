"""Where the socket goes: short, plain, and closed to others."""

import stat
from pathlib import Path

import pytest

from prismiq.adapters.embedded.account import Account
from prismiq.adapters.embedded.socket_directory import choose_socket_dir, socket_directory


def test_it_is_in_the_data_directory_where_that_is_short() -> None:
    assert choose_socket_dir(Path("/var/lib/prismiq")) == Path("/var/lib/prismiq/socket")


@pytest.mark.parametrize("name", ["x" * 90, "ü" * 45, "a,b", 'a"b', "a\nb"])
def test_it_is_elsewhere_where_the_path_cannot_be_an_address(name: str) -> None:
    chosen = choose_socket_dir(Path("/var") / name)
    assert len(str(chosen)) < 80
    assert chosen != choose_socket_dir(Path("/var") / name)


def test_it_is_private_and_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket_directory(path, Account(), is_chosen=False):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        (path / "left over").touch()
    assert not path.exists()


def test_a_chosen_directory_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with socket_directory(tmp_path, Account(), is_chosen=True):
        pass
    assert (tmp_path / "kept").exists()


def test_what_a_killed_starter_left_over_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    path.mkdir(mode=0o755)
    (path / "left over").touch()
    with socket_directory(path, Account(), is_chosen=False):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert not list(path.iterdir())
    assert not path.exists()
