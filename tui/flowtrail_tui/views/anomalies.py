"""Anomalies: the inbox of causes, gravest first; below, the selected one told in full; `enter` lists its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from flowtrail_collector.source import Window
from flowtrail_tui.attention import badge
from flowtrail_tui.model import anomalies as model
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import marking, notices
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.causes import COLUMNS, WIDE_FROM, CauseRow, Inbox, cells, read_inbox
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.views import inboxrows
from flowtrail_tui.views.base import ALWAYS, Sorting, rule
from flowtrail_tui.views.causefindings import CauseFindings
from flowtrail_tui.views.filterbar import FilterBar
from flowtrail_tui.views.filtered import Filtered
from flowtrail_tui.views.marks import Marks
from flowtrail_tui.views.notebar import NoteBar
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Table
from flowtrail_tui.widgets.virtual import VirtualList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.evidence import Evidence
    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.model.marking import Wanted
    from flowtrail_tui.queries import Answer
    from flowtrail_tui.yankable import Yankable

PANE_FROM_HEIGHT = 30
"""From this height on the pane takes what the causes leave; below it, so many lines:"""
_SMALL_PANE = 3
_SECOND = 10**9
_EVERY_NS = 5 * _SECOND
_REST = 5
"""A question that took long is asked again after so many times as long: the source has other things to do."""


class AnomaliesView(Filtered):
    """The table of causes, the pane of the selected one, the list of its findings."""

    title = "Anomalies"
    lanes = ("anomalies", "anomalies-findings", "anomalies-mark")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "mark('acknowledged')", "acknowledge", show=False),
        Binding("M", "mark('muted')", "mute", show=False),
        Binding("n", "note", "note", show=False),
        Binding("d", "compare", "difference", show=False),
    ]

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__("anomalies")
        self.inbox = Inbox((), {}, None)
        self.before: Inbox | None = None
        self.order = "impact"
        self.compares = False
        self.marks = Marks()
        self._asked_before = False
        self._waiting = False
        self.table: Table[CauseRow] = Table(COLUMNS, _cells, id="anomaly-causes")
        self.pane = Lines(self._draw_pane, id="anomaly-pane")
        self.findings = CauseFindings()
        self.note = NoteBar()

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.filter
        yield self.wrong
        yield self.table
        yield Lines(rule, id="anomalies-rule")
        yield self.pane
        yield self.findings
        yield self.note

    def on_mount(self) -> None:
        """Start without an error and without a pane."""
        self._show_error(None)

    @property
    def main(self) -> Table[CauseRow]:
        """The list."""
        return self.table

    # What the frame asks.

    def enter(self) -> None:
        """Take the focus."""
        (self.findings.table if self.findings.opened else self.table).focus()

    def trail(self) -> Sequence[str]:
        """Name the cause that is opened."""
        cause = self.findings.cause
        return (self.title, f"{cause.kind} {cause.where}") if self.findings.opened and cause else (self.title,)

    def arrive(self, about: Any) -> None:
        """Show what another view wants shown."""
        if isinstance(about, str) and about != self.filter.text:
            self._close()
            self.filter.apply(about)

    def keys(self) -> Sequence[Key]:
        """Offer what can be done with a cause."""
        row = self._selected()
        opened = "verdict" if self.findings.opened else "findings"
        return (
            Key("enter", opened, "app.choose"),
            Key("A", "open again" if row and row.state == "acknowledged" else "ack", "app.press('A')"),
            Key("/", "filter", "app.filter"),
            Key("E", "evidence", "app.evidence"),
            Key("M", "unmute" if row and row.state == "muted" else "mute", "app.press('M')"),
            Key("n", "note", "app.press('n')"),
            Key("d", "no diff" if self.compares else "diff to the window before", "app.press('d')"),
            Key("s", "sort", "app.sort"),
            Key("e", "export", "app.press('e')"),
            Key("y", "yank", "app.yank"),
            Key("t", "time", "app.time_range"),
            *ALWAYS,
        )

    def poll(self) -> None:
        """Ask every five seconds, less often where it takes long; a file once."""
        now = self.session.now()
        if now < self._due_ns or not self.session.may_ask() or (self._asked_before and not self.session.source.live):
            return
        window = self.session.window()
        if window is None or self.marks.pending:
            return
        source, text, before = self.session.source, self.filter.text, self._window_before()

        def ask() -> tuple[Inbox, Inbox | None]:
            earlier = None if before is None else read_inbox(source.causes(before, text))
            return read_inbox(source.causes(window, text), now if source.live else None), earlier

        if self.session.ask("anomalies", (now, text), ask):
            self._due_ns = now + _EVERY_NS

    def _window_before(self) -> Window | None:
        """Return the window as long as this one that ends where it begins; None where none is wanted, or there is."""
        window = self.session.window() if self.compares else None
        seconds = self.session.range.seconds
        if window is None or window.since_ns is None or seconds is None:
            return None
        return Window(max(0, window.since_ns - seconds * _SECOND), window.since_ns)

    def answered(self, answer: Answer) -> None:
        """Take causes, the findings of one, or a mark that was kept; or an error."""
        if answer.lane == "anomalies-mark":
            self._kept(answer)
        elif answer.lane == "anomalies-findings":
            self.findings.answered(answer, self.session.source.name)
            self._redraw()
        elif answer.error is not None:
            self._waiting = False
            self._failed(answer.error, known=bool(self.table.rows))
        else:
            self._asked_before = True
            self._waiting = False
            asked_ns, _ = answer.about
            now = self.session.now()
            self._due_ns = max(self._due_ns, now + _REST * (now - asked_ns))
            self.inbox, self.before = answer.result
            self._show_error(None)
            self.frame.took_coverage(self.inbox.coverage)
            self._show_rows()
            if not self.filter.text:
                self.frame.badge("anomalies", badge(self.inbox.totals.get("attention", 0)))

    def _show_rows(self) -> None:
        """Show the rows; the cursor stays on its cause, whatever place it has now."""
        selected, place = self.table.current, self.table.cursor
        rows = self.marks.on(self.inbox.rows, self.session.now())
        if self.before is not None:
            rows = model.compared(rows, self.before.rows)
        rows = model.ordered(rows, self.order)
        places = {row.id: index for index, row in enumerate(rows)}
        cursor = places.get(selected.id, place) if selected is not None else 0
        self.table.show_dimmed(dimmed=self.session.link.disconnected and bool(rows))
        self.table.set_rows(rows, cursor=min(cursor, max(0, len(rows) - 1)))
        if self.findings.cause is not None and self.findings.cause.id in places:
            self.findings.cause = rows[places[self.findings.cause.id]]
        self._say_why_empty()
        self._share_room()
        self._redraw()

    def _say_why_empty(self) -> None:
        self.table.show_notice(
            notices.no_anomalies(
                self.filter.text,
                self.session.range.name,
                self.session.stored(),
                self.session.source.name,
                self.inbox.totals.get("muted", 0),
                f.share(self.inbox.coverage),
            )
        )

    def cancel(self) -> bool:
        """Give up a question that someone waits for."""
        if (not self._waiting and self._asked_before) or not self.session.queries.withdraw("anomalies"):
            return False
        self._waiting = False
        self._give_up()
        return True

    def back(self) -> bool:
        """Leave an input, or the list of findings."""
        if self.note.editing:
            self.note.leave()
        elif self.filter.editing:
            self.filter.leave()
        elif self.findings.opened:
            self._close()
        else:
            return False
        self.enter()
        return True

    def reload(self) -> None:
        """Ask again at once, for what the filter and the window are now."""
        self.session.queries.withdraw("anomalies")
        self._asked_before = False
        self._due_ns = 0
        self._waiting = True
        self._show_error(None)
        self.table.show_dimmed(dimmed=bool(self.table.rows))
        self.table.show_loading(loading=True)
        self.filter.redraw()
        self.poll()
        if self.findings.opened:
            self._ask_findings()

    def link_changed(self) -> None:
        """Show old rows as old; ask at once when the source is back."""
        self.table.show_dimmed(dimmed=self.session.link.disconnected and bool(self.table.rows))
        if self.session.link.connected:
            self._due_ns = 0

    def yankables(self) -> list[Yankable]:
        """Offer the selected finding, or cause."""
        opened = self.findings.opened
        return inboxrows.yankables(None if opened else self.table.current, self._finding() if opened else None)

    def openables(self) -> dict[str, str]:
        """Offer the selected finding's event, or the newest one of the selected cause."""
        finding = self._finding()
        return model.fields_of(finding) if finding is not None else {}

    def evidence(self) -> Evidence | None:
        """Offer the spans that prove the selected finding, or cause."""
        finding, row = self._finding(), self._selected()
        if row is None or finding is None:
            return None
        return inboxrows.evidence(row, finding, alone=self.findings.opened)

    def export(self) -> Exporting | None:
        """Offer the causes as they are shown, or the findings of the opened one."""
        if self.findings.opened:
            return inboxrows.exporting("findings", self.findings.table.rows, None)
        return inboxrows.exporting(
            "anomalies", [row.document for row in self.table.rows if not row.gone], self.inbox.document
        )

    def sortings(self) -> Sequence[Sorting]:
        """Offer the orders of causes."""
        return [Sorting(name, does, name == self.order) for name, (does, _) in model.ORDERS.items()]

    def sort_by(self, name: str) -> None:
        """Put the causes into another order."""
        self.order = name
        self._show_rows()

    # What people do.

    def action_mark(self, state: str) -> None:
        """Acknowledge or mute the selected cause, or open it again."""
        row = self._selected()
        if row is not None and not row.gone:
            self._want(marking.toggled(row, state))

    def action_note(self) -> None:
        """Type a note on the selected cause."""
        row = self._selected()
        if row is not None and not row.gone:
            self.note.edit(row.id, row.mark.note if row.mark is not None else "")

    def action_compare(self) -> None:
        """Show what is different from the window before, or no longer."""
        if self.findings.opened:
            return
        if not self.compares and self.session.range.seconds is None:
            self.frame.say("there is nothing before all time: choose a time range with t")
            return
        if not self.compares and ("since:" in self.filter.text or "until:" in self.filter.text):
            self.frame.say("the filter names a time of its own: choose the time range with t to compare")
            return
        self.compares = not self.compares
        self.before = None
        self.frame.say("compared with the window before" if self.compares else "no longer compared")
        self.reload()

    def _want(self, wanted: Wanted) -> None:
        """Show a mark at once, and have it kept."""
        self.session.queries.withdraw("anomalies")  # what it answers is older than the mark
        self.marks.want(wanted, self.session)
        self.frame.say(wanted.said())
        self._show_rows()

    def _kept(self, answer: Answer) -> None:
        """Say what was refused; when all are kept, show what the source has."""
        refused = self.marks.kept(answer, self.session)
        if refused:
            self.frame.say(refused)
            self._show_rows()
        if not self.marks.pending:
            self._asked_before = False
            self._due_ns = 0
            self.poll()

    @on(NoteBar.Noted)
    def _noted(self, event: NoteBar.Noted) -> None:
        event.stop()
        self.enter()
        row = next((row for row in self.table.rows if row.id == event.about), None)
        if row is not None:
            self._want(marking.wanted(row, row.state, event.text.strip()))

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self._redraw()

    @on(VirtualList.Chosen, "#anomaly-causes")
    def _opened(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self.table.current
        if row is None:
            return
        for widget in (self.table, self.pane, self.query_one("#anomalies-rule")):
            widget.display = False
        self.findings.open(row)
        self._ask_findings()
        self._redraw()
        self.frame.redraw_status()

    def _ask_findings(self) -> None:
        cause = self.findings.cause
        window = self._window_before() if cause is not None and cause.gone else self.session.window()
        if window is not None:
            self.findings.ask(window, self.filter.text, self.session)

    @on(VirtualList.Chosen, "#anomaly-findings")
    def _visited(self, event: VirtualList.Chosen) -> None:
        event.stop()
        finding = self.findings.table.current
        question = model.question_of(finding) if finding is not None else None
        if question is not None:
            self.frame.visit("ask", question)
        else:
            self.frame.say("this finding is of no single event: E shows its evidence")

    @on(FilterBar.Applied)
    def _filtered(self, event: FilterBar.Applied) -> None:
        event.stop()
        self._close()
        self.table.focus()
        self.reload()

    def _close(self) -> None:
        """Go back from the findings to the causes."""
        if not self.findings.opened:
            return
        self.findings.close()
        self.table.display = True
        self._share_room()
        self._redraw()
        self.frame.redraw_status()

    def _selected(self) -> CauseRow | None:
        return self.findings.cause if self.findings.opened else self.table.current

    def _finding(self) -> dict[str, Any] | None:
        """Return the selected finding, or the newest of the selected cause."""
        if self.findings.opened:
            return self.findings.table.current
        row = self.table.current
        return next(iter(f.items(row.document.get("examples"))), None) if row is not None else None

    # What is drawn.

    def on_resize(self) -> None:
        """Share the room anew."""
        self._share_room()

    def _share_room(self) -> None:
        """Give the causes what they need, at most half; the rest tells the selected one, in few lines a small part."""
        told = bool(self.table.rows) and not self.findings.opened
        for widget in (self.pane, self.query_one("#anomalies-rule")):
            widget.display = told
        if not told:
            self.table.styles.height = "1fr"
            return
        room = self.size.height - 2 - (self.error is not None)
        small = self.app.size.height < PANE_FROM_HEIGHT
        causes = room - _SMALL_PANE if small else min(len(self.table.rows) + 2, max(6, room // 2))
        self.table.styles.height = causes
        self.pane.styles.height = self._pane_lines = max(1, room - causes)

    _pane_lines = 1

    def _redraw(self) -> None:
        self.filter.redraw()
        self.pane.redraw()
        self.frame.redraw_footer()

    def _draw_right(self, _width: int) -> Line:
        if self._waiting:
            return line(Part("asking… ", "wait"), Part("esc", "key"), Part(" cancels ", "dim"))
        return model.summary(self.inbox, self.order, compares=self.before is not None) if self.inbox.totals else ()

    def _draw_pane(self, width: int) -> list[Line]:
        row = self.table.current
        return model.pane(row, width, self._pane_lines) if row is not None else []


def _cells(row: CauseRow, width: int) -> tuple[Line, ...]:
    return cells(row, wide=width >= WIDE_FROM)
