"""The directory of a run."""

from pathlib import Path

import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_tui.demo.out import Out


def test_a_second_run_replaces_what_the_first_one_left(tmp_path: Path) -> None:
    """Only what a demo writes goes; what somebody else put there stays."""
    out = Out(tmp_path / "new" / "run")
    out.prepare()
    out.store.write_text("old")
    (out.injected / "orders-1.jsonl").write_text("old")
    (out.directory / "notes.txt").write_text("mine")
    out.prepare()
    assert sorted(path.name for path in out.directory.iterdir()) == ["demo.json", "injected", "logs", "notes.txt"]
    assert list(out.injected.iterdir()) == []


def test_a_store_that_is_not_of_a_demo_is_left_alone(tmp_path: Path) -> None:
    """Nobody loses a store to --out."""
    (tmp_path / "flowtrail.duckdb").write_text("precious")
    with pytest.raises(UsageError, match="another directory"):
        Out(tmp_path).prepare()
    assert (tmp_path / "flowtrail.duckdb").read_text() == "precious"


def test_a_directory_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    """The path and the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can not be used"):
        Out(tmp_path / "file").prepare()
