"""Workers get a directory for their metrics, which goes when they have gone."""

import os
import tempfile
from pathlib import Path

import pytest

from prismiq.entrypoints.cli.shared_metrics import (
    DIRECTORY_VARIABLE,
    NoMetricsDirectoryError,
    metrics_directory,
)


@pytest.fixture(autouse=True)
def _temporary_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(DIRECTORY_VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_exists_as_long_as_the_block(tmp_path: Path) -> None:
    with metrics_directory():
        (directory,) = tmp_path.iterdir()
        assert os.environ[DIRECTORY_VARIABLE] == str(directory)
        (directory / "counter_0.db").touch()
    assert list(tmp_path.iterdir()) == []
    assert DIRECTORY_VARIABLE not in os.environ


def test_one_that_the_operator_chose_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(chosen))
    with metrics_directory():
        assert list(tmp_path.iterdir()) == [chosen]
    assert os.environ[DIRECTORY_VARIABLE] == str(chosen)
    assert chosen.is_dir()


def test_where_none_can_be_made_a_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    reason = "PRISMIQ_ENABLE_METRICS=false"
    with pytest.raises(NoMetricsDirectoryError, match=reason), metrics_directory():
        raise AssertionError("it went on")
