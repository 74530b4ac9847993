"""The parts without a screen: questions in threads, settings, clipboard, what can be yanked, the long list."""

import base64
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flowtrail_tui.app import FlowtrailApp
from flowtrail_tui.clipboard import osc52, yank
from flowtrail_tui.model.flows import Tail, flow_row, read_page
from flowtrail_tui.model.verdict import evidence
from flowtrail_tui.queries import MAX_ABANDONED, Answer, Queries
from flowtrail_tui.settings import Settings, settings
from flowtrail_tui.views.flows import FlowsView
from flowtrail_tui.yankable import of_event, of_flow
from tests.tui.fake import FakeSource
from tests.tui.pilot import running

TERMINAL = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}


class Desk:
    """Collects what questions bring."""

    def __init__(self) -> None:
        """Start empty."""
        self.got: list[tuple[int, Answer]] = []
        self.came = threading.Event()
        self.queries = Queries(self._deliver)

    def _deliver(self, ticket: int, answer: Answer) -> None:
        self.got.append((ticket, answer))
        self.came.set()


def test_one_question_per_lane() -> None:
    """A busy lane takes no second question; another lane does."""
    desk, gate = Desk(), threading.Event()
    assert desk.queries.ask("flows", 1, lambda: gate.wait(5))
    assert not desk.queries.ask("flows", 2, int)
    assert desk.queries.ask("lag", 3, int)
    gate.set()


def test_a_withdrawn_answer_is_dropped() -> None:
    """What was given up may come late: it is not accepted, and the lane is free at once."""
    desk, gate = Desk(), threading.Event()
    desk.queries.ask("ask", "old", lambda: gate.wait(5))
    assert desk.queries.withdraw("ask")
    assert desk.queries.ask("ask", "new", lambda: "fresh")
    assert desk.came.wait(5)
    assert desk.queries.accept(*desk.got[0])
    desk.came.clear()
    gate.set()
    assert desk.came.wait(5)
    assert not desk.queries.accept(*desk.got[1])
    assert desk.queries.busy_since("ask") is None


def test_a_hanging_source_gets_no_endless_threads() -> None:
    """After some questions that were given up the lane waits until one of them ends."""
    desk, gate = Desk(), threading.Event()
    for _ in range(MAX_ABANDONED):
        assert desk.queries.ask("ask", None, lambda: gate.wait(5))
        desk.queries.withdraw("ask")
    assert not desk.queries.ask("ask", None, int)
    gate.set()
    while len(desk.got) < MAX_ABANDONED:
        time.sleep(0.01)
    for one in desk.got:
        desk.queries.accept(*one)
    assert desk.queries.ask("ask", None, int)


def test_errors_are_answers() -> None:
    """Whatever a question raises comes back as its answer."""
    desk = Desk()
    desk.queries.ask("flows", None, lambda: 1 // 0)
    assert desk.came.wait(5)
    assert isinstance(desk.got[0][1].error, ZeroDivisionError)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        (TERMINAL, Settings("dark")),
        ({**TERMINAL, "NO_COLOR": "1", "FLOWTRAIL_THEME": "light"}, Settings("ansi")),
        ({**TERMINAL, "NO_COLOR": ""}, Settings("dark")),
        ({**TERMINAL, "FLOWTRAIL_THEME": "light"}, Settings("light")),
        ({**TERMINAL, "COLORFGBG": "0;15"}, Settings("light")),
        ({**TERMINAL, "TERM": "linux"}, Settings("ansi")),
        ({**TERMINAL, "TERM": "linux", "COLORTERM": "truecolor"}, Settings("dark")),
        ({**TERMINAL, "LC_ALL": "C"}, Settings("dark", ascii_only=True)),
        ({**TERMINAL, "LANG": "de_DE.ISO-8859-1"}, Settings("dark", ascii_only=True)),
        ({"TERM": "xterm-256color"}, Settings("dark")),
        ({"TERM": "xterm-256color", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, Settings("dark", ascii_only=True)),
        ({**TERMINAL, "FLOWTRAIL_ASCII": "1"}, Settings("dark", ascii_only=True)),
    ],
)
def test_settings_from_the_environment(environ: dict[str, str], wanted: Settings) -> None:
    """Theme and character set follow what terminal and person say."""
    assert settings(environ) == wanted


def test_yank_through_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a desktop tool the text goes through OSC 52; nothing of it is raw."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    written: list[str] = []
    assert yank("naïve\x1b]0;x\x07", TERMINAL, written.append) == "copied through the terminal"
    payload = written[0].removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(payload, validate=True).decode() == "naïve\x1b]0;x\x07"


def test_a_ticket_holds_the_verdict_and_all_its_evidence() -> None:
    """What is pasted into a ticket stands alone: the word, the card, every span, the command; no fence ends early."""
    source = FakeSource()
    document = source.ask("ord-88205")
    event = document["events"][0] | {"summary": "a ```` fence \x1b[2J in the data"}
    text = next(one.text for one in of_event(event, "ord-88205", document) if one.name.startswith("ticket"))
    fence = text.split("\n")[2].removesuffix("text")
    assert text.count(fence) == 2
    assert text.endswith(f"\n{fence}\n")
    assert "\x1b" not in text
    assert "flowtrail ask" in text
    assert all(ref in text for _, ref in evidence(event))


def test_yank_through_tmux() -> None:
    """Tmux hands on what is wrapped for it."""
    assert osc52("x", in_tmux=True) == "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\"


def test_yank_prefers_the_desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that works is asked first, and only where it has a display."""
    kept = tmp_path / "kept"
    tool = tmp_path / "wl-copy"
    tool.write_text(f"#!/bin/sh\nexec cat > {kept}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    written: list[str] = []
    assert yank("ord-1", {**TERMINAL, "WAYLAND_DISPLAY": "wayland-0"}, written.append) == "copied with wl-copy"
    assert kept.read_text() == "ord-1"
    assert yank("ord-2", TERMINAL, written.append) == "copied through the terminal"


def test_yank_to_a_file_at_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal that has no clipboard, or a text too long for one, gets a file whose path is said."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = yank("ord-1", {"TERM": "linux"}, lambda _: None)
    assert Path(said.removeprefix("written to ")).read_text() == "ord-1"
    assert yank("x" * 100_000, TERMINAL, lambda _: None).startswith("written to ")


def test_what_is_yanked_can_be_pasted_into_a_shell() -> None:
    """Ids are visible text, the command is quoted, JSON is ASCII."""
    row = flow_row({"flow": "a\nrm -rf /\x1b", "flow_kind": "correlation", "root": {"message_id": "m"}})
    offered = {one.name: one.text for one in of_flow(row)}
    assert offered["flow id"] == "a␊rm -rf /␛"
    assert offered["command"] == "flowtrail ask 'flow:a␊rm -rf /␛' --json"
    assert offered["JSON"].isascii()


async def test_a_hundred_thousand_rows() -> None:
    """The list draws a screen, not all of its rows: the end of a hundred thousand is there at once."""
    source = FakeSource(flows_stored=400)
    rows = read_page({"rows": source.rows}).rows * 250
    async with running(source) as ft:
        view = ft.app.query_one(FlowsView)
        drawn: list[Any] = []
        cells = view.table._cells
        view.table._cells = lambda row, width: drawn.append(row) or cells(row, width)  # type: ignore[func-returns-value]
        view.tail = Tail(rows, pinned=True)
        view.table.set_rows(rows, cursor=0)
        await ft.press("end")
        assert "100,000 of 100,000" in ft.text()
        assert len(drawn) < 400


def test_nothing_heavy_is_imported_at_start() -> None:
    """DuckDB, Arrow, NumPy and Plotly come when they are needed, never before the first screen."""
    import subprocess
    import sys

    code = (
        "import sys, flowtrail_tui.app; "
        "print(sorted({'duckdb', 'pyarrow', 'plotly', 'numpy', 'kafka', 'grpc', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_defect_is_told_without_other_peoples_data(capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected error ends with its traceback and no values: those would be raw data on the terminal."""
    source = FakeSource(hostile=True)
    app = FlowtrailApp(source, now=lambda: source.now_ns, look=Settings())
    with pytest.raises(RuntimeError, match="defect"):  # noqa: PT012 (raised while the application ends)
        async with app.run_test() as pilot:
            await pilot.pause()

            def fail() -> None:
                raise RuntimeError("defect \x1b]0;owned\x07")

            app.call_later(fail)
            await pilot.pause()
    told = capsys.readouterr().err
    assert "a defect worth reporting" in told
    assert "\x1b]0" not in told
