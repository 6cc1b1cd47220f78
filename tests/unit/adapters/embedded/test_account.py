"""Whom the server runs as."""

import os
import pwd
from pathlib import Path

import pytest

from prismiq.adapters.embedded.account import Account, server_account
from prismiq.domain.model.errors import ConfigurationError


def test_an_ordinary_user_runs_it_as_himself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    account = server_account(tmp_path)
    assert account == Account()
    assert account.spawn_options == {}
    assert account.can_enter(tmp_path)


def test_root_takes_an_account_without_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    account = server_account(tmp_path / "absent")
    assert account.name in {"postgres", "_postgres", "nobody"}
    assert account.spawn_options == {
        "user": account.uid,
        "group": account.gid,
        "extra_groups": [],
    }


def test_root_keeps_to_the_owner_of_files_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert server_account(tmp_path).uid == os.getuid()


def test_root_without_such_an_account_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", unknown)
    with pytest.raises(ConfigurationError, match="ordinary user"):
        server_account(tmp_path / "absent")


def test_what_cannot_be_run_is_noticed(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    assert not Account().can_run([program])
    program.chmod(0o755)
    assert Account().can_run([program])
    program.write_text("#!/bin/sh\nexit 1\n")
    assert not Account().can_run([program])
