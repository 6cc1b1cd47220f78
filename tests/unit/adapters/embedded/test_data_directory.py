"""Where the embedded server's files go when nobody says so."""

import os
import stat
from pathlib import Path

import pytest

from prismiq.adapters.embedded.account import Account
from prismiq.adapters.embedded.data_directory import default_data_dir, prepare_data_dir
from prismiq.domain.model.errors import ConfigurationError


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


def test_root_uses_the_systems_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/prismiq")


@pytest.mark.usefixtures("ordinary_user")
def test_users_have_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_data_dir() == Path("/home/ada/.local/share/prismiq")
    monkeypatch.setenv("XDG_DATA_HOME", "/data/ada")
    assert default_data_dir() == Path("/data/ada/prismiq")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_data_dir() == Path("/home/ada/.local/share/prismiq")


@pytest.mark.usefixtures("ordinary_user")
def test_a_user_without_a_home_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(ConfigurationError, match="home directory"):
        default_data_dir()


def test_a_missing_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare_data_dir(tmp_path / "a" / "b", Account())
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_an_existing_directory_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    prepare_data_dir(tmp_path, Account())
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o777


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (file, file / "below"):
        with pytest.raises(ConfigurationError, match="data directory"):
            prepare_data_dir(path, Account())
