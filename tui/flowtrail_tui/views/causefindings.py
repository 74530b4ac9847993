"""The findings of one cause, opened from the inbox: each leads to the verdict on its event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Vertical

from flowtrail_collector.wording import counted
from flowtrail_tui.model import anomalies as model
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import notices
from flowtrail_tui.model.parts import Line, Part, clip_line, line, sides
from flowtrail_tui.model.words import severity
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Table

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flowtrail_collector.source import Window
    from flowtrail_tui.model.causes import CauseRow
    from flowtrail_tui.queries import Answer
    from flowtrail_tui.session import Session

LANE = "anomalies-findings"
Finding = dict[str, Any]


class CauseFindings(Vertical):
    """What the cause is, and its findings, newest first."""

    DEFAULT_CSS = """
    CauseFindings { height: 1fr; display: none; }
    """

    def __init__(self) -> None:
        """Start closed."""
        super().__init__()
        self.cause: CauseRow | None = None
        self.table: Table[Finding] = Table(model.FINDINGS, _cells, id="anomaly-findings")
        self._head = Lines(self._draw_head, height=2)

    def compose(self) -> ComposeResult:
        """Lay out the pane."""
        yield self._head
        yield self.table

    @property
    def opened(self) -> bool:
        """True while a cause is shown."""
        return bool(self.display)

    def open(self, cause: CauseRow) -> None:
        """Show a cause; its findings are on their way."""
        self.cause = cause
        self.table.set_rows((), cursor=0)
        self.table.show_notice(None)
        self.table.show_loading(loading=True)
        self.display = True
        self._head.redraw()
        self.table.focus()

    def ask(self, window: Window, filter_text: str, session: Session) -> None:
        """Ask for the findings of the cause in the time that it was found in."""
        if self.cause is None:
            return
        source, text = session.source, f"cause:{self.cause.id} {_times(filter_text)}".strip()
        session.queries.withdraw(LANE)
        session.ask(LANE, self.cause.id, lambda: f.items(source.findings(window, text).get("findings")))

    def answered(self, answer: Answer, source_name: str) -> None:
        """Show the findings, or say what went wrong."""
        if not self.opened or self.cause is None or answer.about != self.cause.id:
            return
        if answer.error is not None:
            self.table.show_loading(loading=False)
            self.table.show_notice(notices.failed(answer.error, source_name))
            return
        self.table.set_rows(sorted(answer.result, key=lambda one: str(one.get("last_at")), reverse=True), cursor=0)
        self._head.redraw()

    def close(self) -> None:
        """Go back to the inbox."""
        self.display = False

    def _draw_head(self, width: int) -> list[Line]:
        if self.cause is None:
            return []
        word = severity(self.cause.severity)
        count = f"{counted(len(self.table.rows), 'finding')} " if self.table.rows else ""
        head = line(
            Part(f" {word.glyph} {self.cause.kind.upper()}  ", f"{word.role}-strong"), Part(self.cause.where, "bright")
        )
        return [
            sides(head, line(Part(count, "dim")), width),
            clip_line((Part("   "), Part(self.cause.happened, "dim")), width),
        ]


def _times(filter_text: str) -> str:
    """Return what a filter says of time; the rest of it the cause has passed already."""
    return " ".join(word for word in filter_text.split() if word.startswith(("since:", "until:")))


def _cells(finding: Finding, _width: int) -> tuple[Line, ...]:
    return model.finding_cells(finding)
