"""The files of a PostgreSQL server, made once."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import IO

from prismiq.adapters.embedded.account import Account
from prismiq.domain.model.errors import DatabaseUnavailableError

_INITDB = (
    "--username=postgres",
    # The socket's permissions say who may connect; there is no way in over the network.
    "--auth-local=trust",
    "--auth-host=reject",
    # PostgreSQL's own Unicode rules: the same order on every machine, whatever locales it has.
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


def server_environment() -> dict[str, str]:
    """Return our environment without what would change PostgreSQL's own defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def open_log(path: Path) -> IO[bytes]:
    """Begin the log anew, for our eyes only: the server writes statements into it."""
    log = path.open("wb")
    path.chmod(0o600)
    return log


def ensure_cluster(
    cluster: Path, *, programs: Path, account: Account, log: Path, lock: int
) -> None:
    """Make the files unless they are there. An interrupted attempt leaves nothing that counts.

    ``lock`` is a descriptor that ``initdb`` inherits, so that the lock outlives this process.

    Raises:
        DatabaseUnavailableError: ``initdb`` failed; the message names the log.
    """
    if cluster.exists():
        return
    partial = cluster.with_name(f"{cluster.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700)
    account.own(partial)
    with open_log(log) as output:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [programs / "initdb", f"--pgdata={partial}", *_INITDB],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cluster.parent,
            env=server_environment(),
            pass_fds=[lock],
            start_new_session=True,
            check=False,
            **account.spawn_options,
        )
    if done.returncode != 0:
        raise DatabaseUnavailableError(f"The database's files could not be made: see {log}.")
    partial.rename(cluster)  # only complete files get the name
