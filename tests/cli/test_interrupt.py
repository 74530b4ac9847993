"""Ctrl-C ends a command without a word and with 130, whatever it is doing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flowtrail_collector.errors import StoreDamaged
from flowtrail_tui.cli import INTERRUPTED
from flowtrail_tui.cli.exits import Exit
from tests.cli.conftest import Run

HERE = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from flowtrail_tui.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    "module",
    ["flowtrail_tui.cli.program", "click", "flowtrail_tui.cli.lag", "flowtrail_collector.source", "duckdb"],
)
def test_while_a_command_is_imported(store: Path, module: str) -> None:
    """The first tenths of a second are spent on imports; a traceback of those helps nobody."""
    ended = subprocess.run(
        [sys.executable, "-c", HERE, module, "lag", "--source", str(store)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (Exit.INTERRUPTED, "", "")


def test_the_code_is_the_same() -> None:
    """It is written down where importing the others would take too long."""
    assert INTERRUPTED == Exit.INTERRUPTED


@pytest.mark.parametrize("becomes", [RuntimeError("Query interrupted"), StoreDamaged("the store is damaged")])
def test_while_a_query_runs(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch, becomes: Exception) -> None:
    """DuckDB makes other errors of Ctrl-C; they are no fault of flowtrail's."""

    def interrupted(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise becomes from None

    monkeypatch.setattr("flowtrail_collector.questions.lag._span", interrupted)
    result = run("lag", "--source", store)
    assert (result.code, result.out, result.err.strip()) == (Exit.INTERRUPTED, "", "")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_fault_without_an_interrupt(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same error is a fault where nobody pressed Ctrl-C."""

    def broken(*_: object) -> None:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("flowtrail_collector.questions.lag._span", broken)
    result = run("lag", "--source", store)
    assert result.code == Exit.FAILED
    assert "This is a fault of flowtrail" in result.err
