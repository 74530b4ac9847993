"""What a person is told while a question takes long."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from flowtrail_tui.cli import waiting

if TYPE_CHECKING:
    import pytest


class _Slow:
    """A source that answers when it is let."""

    name = "orders\x1b[31m.duckdb"
    live = False

    def __init__(self) -> None:
        self.let = threading.Event()

    def ask(self, what: str) -> dict[str, Any]:
        self.let.wait(10)
        return {"asked": what}


def test_a_long_question_says_how_long_it_has_been(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names whom it asks, harmlessly, and is gone before the answer is there."""
    monkeypatch.setattr(waiting, "PATIENT_S", 0.05)
    monkeypatch.setattr(waiting, "_EVERY_S", 0.05)
    slow = _Slow()
    threading.Timer(0.5, slow.let.set).start()
    source: Any = waiting.Waiting(slow)  # type: ignore[arg-type]
    assert source.ask("ord-1") == {"asked": "ord-1"}
    assert source.live is False
    told = capsys.readouterr().err
    assert "for 0 s, ctrl+c ends it" in told
    assert "orders\x1b[31m" not in told
    assert told.endswith("\r")  # what erases the rest of a line goes to terminals only


def test_a_quick_question_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody wonders within two seconds."""
    slow = _Slow()
    slow.let.set()
    source: Any = waiting.Waiting(slow)  # type: ignore[arg-type]
    assert source.ask("ord-1") == {"asked": "ord-1"}
    assert capsys.readouterr().err == ""
