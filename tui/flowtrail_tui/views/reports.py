"""Reports: choose one and its formats, make it beside the screen, find what was made."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from flowtrail_reports import ABOUT, USES
from flowtrail_tui import files, reporting
from flowtrail_tui.exporting import stem
from flowtrail_tui.model import notices
from flowtrail_tui.model import reports as model
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.model.reports import Job
from flowtrail_tui.reporting import Found, Order
from flowtrail_tui.views.base import ALWAYS, View, rule
from flowtrail_tui.views.filterbar import FilterBar
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Table
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.queries import Answer

_ENTRY = tuple[str, str]
_PROGRESS, _LEAST_PROGRESS = 7, 4
_HIGH = 30
_FORMATS_WIDTH, _LEAST_FORMATS_WIDTH = 40, 18
_WIDE = 100
_PATIENCE_S = 1.0


class _Formats(Table[_ENTRY]):
    """The formats: space chooses one or lets it go, as enter and a click do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "choose", "toggle", show=False)]


class _Files(Table[Found]):
    """What was made: `o` opens it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "choose", "open", show=False)]


class ReportsView(View):
    """The reports and formats, what is being made, the files."""

    title = "Reports"
    lanes = ("report", "report-files", "report-open")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "pane(1)", "next pane", show=False),
        Binding("shift+tab", "pane(-1)", "pane before", show=False),
        Binding("space", "formats", "formats", show=False),
    ]
    DEFAULT_CSS = """
    ReportsView #report-choice { height: 7; }
    ReportsView #report-list { width: 1fr; }
    ReportsView #report-files { height: 1fr; }
    """

    def __init__(self) -> None:
        """Start with nothing made."""
        super().__init__(id="reports")
        self.jobs: list[Job] = []
        self.formats: tuple[str, ...] = ("html",)
        self._over = Event()
        self._over.set()
        self._looked = False
        self.filter = FilterBar(self._draw_right)
        self.list: Table[_ENTRY] = Table(model.REPORT_COLUMNS, lambda row, _: model.report_cells(row), id="report-list")
        self.choice = _Formats(
            model.FORMAT_COLUMNS, lambda row, _: model.format_cells(row, self.formats), id="report-formats"
        )
        self.progress = Lines(self._draw_progress, height=_PROGRESS, id="report-progress")
        self.files = _Files(model.FILE_COLUMNS, lambda row, _: self._file_cells(row), id="report-files")

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.filter
        with Horizontal(id="report-choice"):
            yield self.list
            yield self.choice
        yield Lines(rule)
        yield self.progress
        yield Lines(rule)
        yield self.files

    def on_mount(self) -> None:
        """Show what there is to choose."""
        self.list.set_rows(tuple(ABOUT.items()), cursor=0)
        self.choice.set_rows(tuple(USES.items()), cursor=0)

    async def on_unmount(self) -> None:
        """End what is being made, and wait until it has tidied up."""
        import asyncio

        self.session.queries.withdraw("report")
        await asyncio.to_thread(self._over.wait, _PATIENCE_S)

    def on_resize(self) -> None:
        """Leave fewer lines to what is being made where there is little room, and to formats their names."""
        self.choice.styles.width = _FORMATS_WIDTH if self.app.size.width >= _WIDE else _LEAST_FORMATS_WIDTH
        self.progress.styles.height = _PROGRESS if self.app.size.height >= _HIGH else _LEAST_PROGRESS
        self.progress.redraw()

    # What the frame asks.

    def arrive(self, about: Any) -> None:
        """Put the cursor on the report that is named."""
        if about in ABOUT:
            self.list.show_rows(cursor=tuple(ABOUT).index(about))

    def enter(self) -> None:
        """Take the focus, and look what was made meanwhile."""
        self.list.focus()
        self._look()

    def keys(self) -> Sequence[Key]:
        """Offer what can be done where the focus is."""
        first: tuple[Key, ...]
        if self.files.has_focus:
            first = (Key("enter", "open", "app.choose"), Key("tab", "reports", _TAB))
        elif self.choice.has_focus:
            first = (Key("space", "toggle", "app.choose"), Key("tab", "files", _TAB), Key("t", "time", _RANGE))
        else:
            first = (Key("enter", "make it", "app.choose"), Key("space", "formats", _SPACE), Key("t", "time", _RANGE))
        return (*first, Key("/", "filter", "app.filter"), Key("y", "yank", "app.yank"), *ALWAYS)

    def poll(self) -> None:
        """Let the clock of what is being made go on."""
        if self._under_way() is not None:
            self.progress.redraw()

    def answered(self, answer: Answer) -> None:
        """Take a report that was made or failed, or the list of files."""
        if answer.lane == "report-open":
            self.frame.say(answer.result if answer.error is None else str(answer.error))
        elif answer.lane == "report-files":
            self.files.set_rows(answer.result or ())
            self.files.show_notice(notices.no_reports())
        else:
            self._finish(answer)

    def cancel(self) -> bool:
        """End what is being made."""
        job = self._under_way()
        if job is None or not self.session.queries.withdraw("report"):
            return False
        job.state, job.ended_ns = model.CANCELLED, self.session.now()
        self._next()
        return True

    def back(self) -> bool:
        """Leave the filter's input, or a pane."""
        if self.filter.editing:
            self.filter.leave()
        elif not (self.choice.has_focus or self.files.has_focus):
            return False
        self._focus(self.list)
        return True

    def reload(self) -> None:
        """Look again what was made; another time range is drawn."""
        self.filter.redraw()
        self._look()

    def yankables(self) -> list[Yankable]:
        """Offer a file's path and the command that made it, or the command that makes the selected report."""
        if self.files.has_focus and (row := self.files.current) is not None:
            made = [job.command for job in self.jobs if any(one.path == row.path for one in job.files)]
            return [Yankable("path", str(row.path)), *(Yankable("command", text) for text in made)]
        order = self._order("WHAT")
        return [Yankable("command", reporting.command(order, self.session.source.name))] if order is not None else []

    # What people do.

    def action_pane(self, by: int) -> None:
        """Go to the next list, or the one before."""
        panes: tuple[VirtualList, ...] = (self.list, self.choice, self.files)
        at = next((place for place, pane in enumerate(panes) if pane.has_focus), 0)
        self._focus(panes[(at + by) % len(panes)])

    def action_formats(self) -> None:
        """Choose formats."""
        self._focus(self.choice)

    def _focus(self, pane: VirtualList) -> None:
        """Give a pane the focus at once: the next key is meant for it."""
        self.screen.set_focus(pane)
        self.frame.redraw_footer()

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self.frame.redraw_footer()

    @on(VirtualList.Chosen, "#report-formats")
    def _toggled(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self.choice.current
        if row is not None:
            wanted = {*self.formats} ^ {row[0]}
            self.formats = tuple(name for name in USES if name in wanted) or self.formats
            self.choice.show_rows()

    @on(VirtualList.Chosen, "#report-list")
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self.list.current
        if row is not None and row[0] == "flow":
            from flowtrail_tui.overlays import Prompt

            hint = "message id, correlation id, trace id, destination:partition:offset"
            self.app.push_screen(Prompt("The story of what?", lambda _: (True, hint), self._asked_last()), self._queue)
        elif row is not None:
            self._queue("")

    @on(VirtualList.Chosen, "#report-files")
    def _opened(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self.files.current
        if row is not None:
            self.session.ask("report-open", row.path, lambda: files.open_for_people(row.path))

    @on(FilterBar.Applied)
    def _filtered(self, event: FilterBar.Applied) -> None:
        event.stop()
        self.list.focus()

    # Making reports.

    def _asked_last(self) -> str:
        """Return the event or flow that was looked at last."""
        asked = (place.about for place in reversed(self.frame.places.behind) if place.name in ("ask", "flow"))
        return next((about for about in asked if isinstance(about, str) and about), "")

    def _order(self, what: str) -> Order | None:
        """Return what would be made now; None while the time range is not known."""
        row, window = self.list.current, self.session.window()
        if row is None or window is None:
            return None
        about = what if row[0] == "flow" else None
        text = "" if row[0] == "flow" else self.filter.text
        return Order(row[0], self.formats, window, self.session.range.name, text, about)

    def _queue(self, what: str | None) -> None:
        order = self._order((what or "").strip()) if what is not None else None
        if order is None or order.what == "":
            return
        self.jobs.append(Job(order, reporting.command(order, self.session.source.name)))
        self._next()

    def _next(self) -> None:
        """Begin the next report that waits, unless one is under way."""
        job = next((one for one in self.jobs if one.state == model.WAITING), None)
        if job is not None and self._under_way() is None:
            source, queries, now, over = self.session.source, self.session.queries, self.session.now, Event()

            def work() -> tuple[files.Written, ...]:
                try:
                    name = stem(job.order.report, now())
                    return reporting.make(job.order, source, name, lambda text: job.step(text, now()), queries.wanted)
                finally:
                    over.set()

            if self.session.ask("report", job, work):
                job.state, self._over = model.RUNNING, over
        self.progress.redraw()

    def _finish(self, answer: Answer) -> None:
        job: Job = answer.about
        job.ended_ns = self.session.now()
        if answer.error is None:
            job.state, job.files = model.DONE, answer.result
        else:
            job.state, job.error = model.FAILED, str(answer.error)
        if self.frame.view() is not self:
            self.frame.say(f"report {model.title(job.order)}: {job.state}")
        self._next()
        self._look()

    def _under_way(self) -> Job | None:
        return next((job for job in self.jobs if job.state == model.RUNNING), None)

    def _look(self) -> None:
        """Look which files there are."""
        made = {one.path.parent for job in self.jobs for one in job.files}
        self.session.ask("report-files", None, lambda: reporting.found((Path.cwd(), *(made - {Path.cwd()}))))

    # What is drawn.

    def _draw_right(self, _width: int) -> Line:
        window = Part(f"window {self.session.range.name}", "text", "app.time_range")
        return line(window, Part(" · files go to ", "dim"), Part(files.short_folder()), " ")

    def _draw_progress(self, width: int) -> list[Line]:
        height = _PROGRESS if self.app.size.height >= _HIGH else _LEAST_PROGRESS
        return model.progress(self.jobs, self.session.now(), (width, height))

    def _file_cells(self, row: Found) -> tuple[Line, ...]:
        fresh = [one.path for job in self.jobs for one in job.files]
        return model.file_cells(row, self.session.now(), fresh)


_TAB = "app.press('tab')"
_SPACE = "app.press('space')"
_RANGE = "app.time_range"
