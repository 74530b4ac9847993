"""Lag: every group on every destination, worst first; below, the selected one's partitions, and its lag over time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from flowtrail_tui.model import figures as f
from flowtrail_tui.model import lag as model
from flowtrail_tui.model import lag_lines as drawn
from flowtrail_tui.model import notices
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.collected import lag_export
from flowtrail_tui.model.lag import GroupLag, History, PartitionLag, Watched
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.views.base import ALWAYS, Sorting, rule
from flowtrail_tui.views.filterbar import FilterBar
from flowtrail_tui.views.filtered import Filtered
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Table
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable, of_list, of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_collector.source import Document
    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.queries import Answer

_SECOND = 10**9
_NOT_WATCHED: list[Line] = [
    line(
        Part(" time lag is known of this moment only, or not at all: it is drawn while a collector is watched", "dim")
    ),
    line(Part(" T", "key", "app.press('T')"), Part(" draws the unread records", "dim")),
]


class LagView(Filtered):
    """The table of groups, the pane of partitions, the chart."""

    title = "Lag"
    lanes = ("lag",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "pane", "partitions", show=False),
        Binding("L", "offsets", "offsets", show=False),
        Binding("T", "time_chart", "time lag", show=False),
    ]
    DEFAULT_CSS = """
    LagView #lag-partitions { height: 1fr; }
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__("lag")
        self.rows: tuple[GroupLag, ...] = ()
        self.history = History()
        self.watched = Watched()
        self.order = "worst"
        self._offsets = False
        self._time_chart = False
        self._document: Document = {}
        self._times: tuple[int, int] | None = None
        self._chart_lines = 0
        self._asked_before = False
        self.groups: Table[GroupLag] = Table(drawn.GROUP_COLUMNS, _group_cells, id="lag-groups")
        self.partitions: Table[PartitionLag] = Table(drawn.PARTITION_COLUMNS, _partition_cells, id="lag-partitions")
        self.head = Lines(self._draw_head, id="lag-head")
        self.chart = Lines(self._draw_chart, id="lag-chart")

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.filter
        yield self.wrong
        yield self.groups
        yield Lines(rule, id="lag-rule")
        yield self.head
        yield self.partitions
        yield self.chart

    def on_mount(self) -> None:
        """Start without an error."""
        self._show_error(None)

    @property
    def main(self) -> Table[GroupLag]:
        """The list."""
        return self.groups

    # What the frame asks.

    def enter(self) -> None:
        """Take the focus."""
        self.groups.focus()

    def trail(self) -> Sequence[str]:
        """Name the selected group."""
        row = self.groups.current
        return (self.title, row.group) if row is not None else (self.title,)

    def keys(self) -> Sequence[Key]:
        """Offer what can be done here."""
        return (
            Key("enter", "partitions", "app.choose"),
            Key("/", "filter", "app.filter"),
            Key("a", "anomalies", "app.anomalies"),
            Key("L", "lag" if self._offsets else "offsets", "app.press('L')"),
            Key("T", "records" if self._time_chart else "time lag", "app.press('T')"),
            Key("s", "sort", "app.sort"),
            Key("t", "time", "app.time_range"),
            Key("y", "yank", "app.yank"),
            Key("e", "export", "app.export"),
            Key("J", "go to", "app.jump"),
            *ALWAYS,
        )

    def poll(self) -> None:
        """Ask once a second; a file once."""
        now = self.session.now()
        if now < self._due_ns or not self.session.may_ask() or (self._asked_before and not self.session.source.live):
            return
        window = self.session.window()
        if window is None:
            return
        source, text = self.session.source, self.filter.text
        if self.session.ask("lag", (window, text), lambda: source.lag(window, text)):
            self._due_ns = now + self.session.refresh_ns

    def answered(self, answer: Answer) -> None:
        """Take a sample or an error."""
        if answer.error is not None:
            self._failed(answer.error, known=bool(self.rows))
            return
        document: Document = answer.result
        self._asked_before = True
        self._document = document
        self.history.add(document)
        self.rows = model.ordered(model.groups(document, self.history), self.order)
        self.watched.add(f.moment(document.get("as_of")), self.rows)
        self._times = model.sampled(document)
        self._show_error(None)
        self._show_rows(self.rows)
        self.frame.took_coverage(f.number(document.get("coverage")))

    def _show_rows(self, rows: tuple[GroupLag, ...]) -> None:
        """Show the rows; the cursor stays on its group, whatever place it has now."""
        selected = self.groups.current
        places = {row.identity: place for place, row in enumerate(rows)}
        self.groups.show_dimmed(dimmed=self.session.link.disconnected)
        self.partitions.show_dimmed(dimmed=self.session.link.disconnected)
        cursor = places.get(selected.identity, 0) if selected is not None else 0
        self.groups.set_rows(rows, cursor=cursor)
        self.groups.show_notice(notices.no_lag(self.filter.text, self.session.within()))
        self._show_partitions()
        self.filter.redraw()

    def _share_room(self) -> None:
        """Give the groups what they need, at most three fifths; the rest goes to the selected one, if there is any."""
        height, row = self.size.height, self.groups.current
        for widget in (self.query_one("#lag-rule"), self.head, self.partitions):
            widget.display = row is not None
        self.chart.display = False
        if row is None:
            self.groups.styles.height = "1fr"
            return
        share = (
            height // 5 if self.partitions.has_focus else height * 3 // 5
        )  # who looks at partitions sees more of them
        groups = min(len(self.groups.rows) + 2, max(5, share))
        fixed = 3 + (self.error is not None)  # filter, rule, head; and what went wrong
        partitions, lines = drawn.share_room(height - groups - fixed, row)
        self.groups.styles.height = groups
        self.partitions.styles.height = partitions
        self._chart_lines = self.chart.styles.height = lines
        self.chart.display = lines > 0
        self.chart.redraw()

    def on_resize(self) -> None:
        """Share the room anew."""
        self._share_room()

    def _show_partitions(self) -> None:
        row = self.groups.current
        selected = self.partitions.current
        rows = row.partitions if row is not None else ()
        same = selected is not None and any(selected.group == one.group for one in rows)
        self.partitions.set_rows(rows, cursor=None if same else 0)
        self._share_room()
        self.head.redraw()
        self.frame.redraw_status()

    def cancel(self) -> bool:
        """Give up the first question."""
        if self._asked_before or not self.session.queries.withdraw("lag"):
            return False
        self._give_up()
        return True

    def back(self) -> bool:
        """Leave the filter's input, or the lower pane."""
        if self.filter.editing:
            self.filter.leave()
        elif not self.partitions.has_focus:
            return False
        self.groups.focus()
        return True

    def reload(self) -> None:
        """Ask again at once."""
        self.session.queries.withdraw("lag")
        self._asked_before = False
        self._due_ns = 0
        self._show_error(None)
        self.groups.show_dimmed(dimmed=bool(self.rows))
        self.groups.show_loading(loading=True)
        self.poll()

    def link_changed(self) -> None:
        """While the source is away its lag is unknown, not what it was."""
        if self.session.link.disconnected:
            self._show_rows(tuple(map(_unknown, self.rows)))
        elif self.session.link.connected:
            self._due_ns = 0

    def sortings(self) -> Sequence[Sorting]:
        """Offer the orders of the groups; they are those of all that are shown."""
        return [Sorting(name, does, name == self.order) for name, does in model.SORTINGS.items()]

    def sort_by(self, name: str) -> None:
        """Put the groups into another order."""
        self.order = name
        self.rows = model.ordered(self.rows, name)
        self._show_rows(self.rows)

    def anomalies(self) -> str | None:
        """Offer what was found of the selected group on its destination."""
        row = self.groups.current
        return None if row is None else model.anomalies(row)

    def yankables(self) -> list[Yankable]:
        """Offer the selected group."""
        row = self.groups.current
        if row is None:
            return []
        of_group = of_row("group", row.group, [partition.document for partition in row.partitions])
        return [*of_group, of_list("lag", self.session, self.filter.text)]

    def export(self) -> Exporting | None:
        """Offer the partitions of every group shown, as they were when they were last asked for."""
        if not self.rows:
            return None
        rows = [partition.document for row in self.rows for partition in row.partitions]
        document = self._document
        return lambda: lag_export(rows, document)

    def openables(self) -> dict[str, str]:
        """Offer the selected group and destination, in the lower pane with the partition and its next record."""
        row = self.groups.current
        partition = self.partitions.current if self.partitions.has_focus else None
        return model.fields(row, partition) if row is not None else {}

    # What people do.

    @on(VirtualList.Moved, "#lag-groups")
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self._show_partitions()

    @on(VirtualList.Chosen, "#lag-groups")
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        self._focus(self.partitions)

    @on(VirtualList.Chosen, "#lag-partitions")
    def _done(self, event: VirtualList.Chosen) -> None:
        event.stop()
        self._focus(self.groups)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        self._share_room()

    def _focus(self, pane: VirtualList) -> None:
        self.screen.set_focus(pane)

    def action_pane(self) -> None:
        """Go into the partitions, which then get more room, or back to the groups."""
        self._focus(self.groups if self.partitions.has_focus else self.partitions)

    def action_offsets(self) -> None:
        """Show what stands where in the log, or how far behind the group is."""
        self._offsets = not self._offsets
        if self._offsets:
            self.partitions.set_columns(drawn.OFFSET_COLUMNS, lambda row, _: drawn.offset_cells(row))
        else:
            self.partitions.set_columns(drawn.PARTITION_COLUMNS, _partition_cells)
        self.frame.redraw_footer()

    def action_time_chart(self) -> None:
        """Draw unread records over time, or their age."""
        if not self.chart.display:
            self.frame.say("no chart here: the group's lag is not known, or the terminal is not high enough")
            return
        self._time_chart = not self._time_chart
        self.chart.redraw()
        self.frame.redraw_footer()

    @on(FilterBar.Applied)
    def _filtered(self, event: FilterBar.Applied) -> None:
        event.stop()
        self.groups.focus()
        self.reload()

    # What is drawn.

    def _draw_right(self, _width: int) -> Line:
        if not self.groups.rows:
            return ()
        order = () if self.order == "worst" else line(Part(f"  sorted by {self.order}", "accent", "app.sort"))
        return (*drawn.summary(self.groups.rows), *order, Part(" "))

    def _draw_head(self, width: int) -> list[Line]:
        row = self.groups.current
        return [drawn.partitions_head(row, width)] if row is not None else [()]

    def _draw_chart(self, width: int) -> list[Line]:
        row = self.groups.current
        if row is None:
            return []
        size = (width - 1, self._chart_lines)  # the widget's own height may still be the former one
        marks, dimmed = model.rebalances(self._document, row.group), self.session.link.disconnected
        if self._time_chart:
            return drawn.time_over_time(row, self.watched, size, marks, dimmed=dimmed) or _NOT_WATCHED
        return drawn.over_time(row, self._times, size, marks, dimmed=dimmed)


def _unknown(row: GroupLag) -> GroupLag:
    """Forget the figures of a row: its source is away."""
    partitions = tuple(
        replace(one, lag=None, time_lag_ms=None, status="unknown", rate_in=None, rate_out=None, eta_ms=None)
        for one in row.partitions
    )
    return replace(
        row,
        lag=None,
        partial=False,
        time_lag_ms=None,
        status="unknown",
        rate_in=None,
        rate_out=None,
        eta_ms=None,
        partitions=partitions,
    )


def _group_cells(row: GroupLag, _width: int) -> tuple[Line, ...]:
    return drawn.group_cells(row)


def _partition_cells(row: PartitionLag, _width: int) -> tuple[Line, ...]:
    return drawn.partition_cells(row)
