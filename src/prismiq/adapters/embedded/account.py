"""Whom the server's processes run as: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prismiq.domain.model.errors import ConfigurationError

_UNPRIVILEGED = ("postgres", "_postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine. ``name`` is None for the one this process runs as."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    @property
    def spawn_options(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that make the child run as this account."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give one file or directory, which this process has just made, to the account."""
        if self.name is not None:
            shutil.chown(path, self.uid, self.gid)

    def can_run(self, command: Sequence[str | Path]) -> bool:
        """Whether the account may execute the program, and the program succeeds."""
        try:
            done = subprocess.run(  # noqa: S603 - fixed programs, no shell input
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                **self.spawn_options,
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def can_enter(self, directory: Path) -> bool:
        """Whether every directory on the way lets the account through."""
        return self.name is None or self.can_run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory])


def server_account(cluster: Path) -> Account:
    """Return this process's own account, or for root an unprivileged one that exists.

    Files that are there already decide: their owner is the one to run the server.

    Raises:
        ConfigurationError: this is root, and there is no such account.
    """
    if os.geteuid() != 0:
        return Account()
    if cluster.exists():
        owner = cluster.stat()
        return Account(f"#{owner.st_uid}", owner.st_uid, owner.st_gid)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        "PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody'"
        " to run it as: start as an ordinary user."
    )
