"""Flows: the live tail. Moving the cursor holds the rows still; what comes meanwhile is counted, not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from flowtrail_collector.source import Window
from flowtrail_tui.model import collected, notices
from flowtrail_tui.model import flows as model
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.flows import FlowRow, Tail
from flowtrail_tui.views.base import ALWAYS, Sorting, rule
from flowtrail_tui.views.filterbar import FilterBar
from flowtrail_tui.views.filtered import Filtered
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Table
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable, of_flow, of_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.model.parts import Line
    from flowtrail_tui.queries import Answer

PREVIEW_FROM_HEIGHT = 30
_SECOND = 10**9
_PATIENCE_NS = _SECOND // 10
"""A question older than this is shown as under way."""


_SHARE = 2
"""A live list asks again after half the time of a refresh, so that what is published is seen within a whole one, and
not before twice the time that the last answer took: where the collector is busy, who looks on must not make it
busier."""
_SELDOM_NS = 10 * _SECOND
"""So often it asks where nothing came: flows leave the time range all the same."""
_LATE_NS = 2 * _SECOND
"""So long the next page of a list that follows may take before the list says that it is behind."""
_MOST_STEPS = 20
"""So many pages are read by themselves to fill the first screen; then a person decides whether to look further."""


LIVE_BINDINGS: list[BindingType] = [
    Binding("space", "app.pause", "pause", show=False, id="pause"),
    Binding("G", "app.resume", "resume", show=False, id="resume"),
    Binding("exclamation_mark", "app.only_wrong", "only what went wrong", show=False, id="only-wrong"),
]
"""The keys that only the list of flows has: what is newest stands above, so G leads there."""
_WRONG = "verdict:failed,unfinished,dead-lettered,not-published,duplicated,reordered,in-doubt"
"""What is pending or unknown is no fault: in a live system most new flows are."""


class _Tail(Table[FlowRow]):
    """The list, with the keys of a live one."""

    BINDINGS: ClassVar[list[BindingType]] = LIVE_BINDINGS


class FlowsView(Filtered):
    """The list of flows, its filter line and the preview of the selected row."""

    title = "Flows"
    lanes = ("flows", "flows-newer", "flows-more")

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__("flows")
        self.tail = Tail()
        self._asked_ns = 0
        self._known: object = None
        self._asked_before = False
        self._waiting = False
        self._late = False
        self._steps = 0
        self.table = _Tail(model.COLUMNS, _cells, id="flow-list")
        self.preview = Lines(self._draw_preview, height=4, id="preview")

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.filter
        yield self.wrong
        yield self.table
        yield Lines(rule, id="preview-rule")
        yield self.preview

    def on_mount(self) -> None:
        """Start without an error and without a preview."""
        self._show_error(None)

    def on_resize(self) -> None:
        """Leave the preview out where there is little room, fill the list where there is more."""
        self._share_room()
        # The first answer may come before the first layout, when nobody knows how many rows are wanted.
        self.call_after_refresh(self._fill)

    def _share_room(self) -> None:
        shown = self.app.size.height >= PREVIEW_FROM_HEIGHT and bool(self.tail.rows)
        self.preview.display = shown
        self.query_one("#preview-rule").display = shown

    @property
    def main(self) -> Table[FlowRow]:
        """The list."""
        return self.table

    # What the frame asks.

    def enter(self) -> None:
        """Take the focus."""
        self.table.focus()

    def keys(self) -> Sequence[Key]:
        """Offer what can be done with a flow."""
        pause = Key("space", "resume" if self.tail.pinned else "pause", "app.pause")
        return (
            Key("enter", "open", "app.choose"),
            Key("!", "all" if _WRONG in self.filter.text else "faults", "app.only_wrong"),
            Key("/", "filter", "app.filter"),
            Key(":", "ask", "app.ask"),
            pause,
            Key("t", "time", "app.time_range"),
            Key("s", "sort", "app.sort"),
            Key("y", "yank", "app.yank"),
            Key("e", "export", "app.export"),
            Key("J", "go to", "app.jump"),
            *ALWAYS,
        )

    def poll(self) -> None:
        """Ask for the newest page, or for what is newer than the pinned rows, where anything has come since.

        After an answer with nothing at all in it, at the next tick: it cost little, and the first flow is waited for.
        """
        now = self.session.now()
        self._show_waiting(now)
        if now < self._due_ns or not self.session.may_ask() or (self._asked_before and not self._news()):
            return
        if self._ask_newer() if self.tail.pinned else self._ask_newest():
            self._asked_ns, self._due_ns = now, now + self.session.refresh_ns
            self._known = self.session.stand()

    def _news(self) -> bool:
        """Tell whether the answer may be another one by now: the same spans give the same answer."""
        known = self._known if self.session.now() < self._asked_ns + _SELDOM_NS else None
        return self.session.source.live and (known is None or self.session.stand() != known)

    def _rest(self) -> None:
        """Say when to ask again, now that an answer came."""
        took = self.session.now() - self._asked_ns
        self._due_ns = self._asked_ns + max(self.session.refresh_ns // 2, _SHARE * took)

    def _ask_newest(self) -> bool:
        window = self.session.window()
        if window is None:
            return False
        source, text = self.session.source, self.filter.text
        limit = max(1, min(model.PAGE, self.app.size.height - model.AROUND_ROWS)) if source.live else model.PAGE
        return self.session.ask(
            "flows", (window, text), lambda: model.read_page(source.flows(window, text, limit=limit), limit)
        )

    def _ask_newer(self) -> bool:
        newest = self.tail.newest_ns
        if newest is None:
            return False
        window = self.session.window()
        source, text = self.session.source, self.filter.text
        window = Window(newest + 1, window.until_ns if window is not None else None)
        return self.session.ask(
            "flows-newer", newest, lambda: model.read_page(source.flows(window, text, limit=model.MOST_NEWER))
        )

    def _ask_more(self) -> None:
        after, window = self.tail.next, self.session.window()
        if after is None or window is None or not self.session.may_ask():
            return
        room = model.PAGE if self.tail.order == model.NEWEST else model.MOST_SORTED - len(self.tail.rows)
        if room <= 0:
            return
        source, text, limit = self.session.source, self.filter.text, min(room, model.PAGE)
        self.session.ask(
            "flows-more", after, lambda: model.read_page(source.flows(window, text, limit=limit, after=after))
        )

    def answered(self, answer: Answer) -> None:
        """Take a page, a count, or an error."""
        if answer.lane != "flows-more":
            self._rest()
        if answer.error is not None:
            self._known = None
            self._waiting = False
            self._failed(answer.error, known=bool(self.tail.rows))
            return
        self._asked_before = True
        page: model.Page = answer.result
        if answer.lane == "flows-newer":
            if answer.about == self.tail.newest_ns:
                self.tail = self.tail.counted(page)
        elif answer.lane == "flows-more":
            if answer.about == self.tail.next:
                selected = self.table.current
                self.tail = self.tail.extended(page)
                self.table.set_rows(self.tail.rows, cursor=self._place_of(selected))
                self._say_why_empty()
                self._fill()
        elif not self.tail.pinned:
            self._show_page(page)
        self.filter.redraw()

    def _place_of(self, row: FlowRow | None) -> int | None:
        """Return where a row stands now; who reads the head of a sorted list goes on reading its head."""
        if row is None or self.tail.order == model.NEWEST:
            return None
        if self.table.cursor == 0:
            return 0
        return next((place for place, one in enumerate(self.tail.rows) if one.identity == row.identity), None)

    def _show_page(self, page: model.Page) -> None:
        self.tail = self.tail.followed(page)
        self._show_error(None)
        self.table.show_dimmed(dimmed=False)
        self.table.set_rows(self.tail.rows, cursor=0)
        self._say_why_empty()
        self.preview.redraw()
        self.frame.took_coverage(page.coverage)
        if not self.tail.rows and self.tail.next is None and not self.filter.text:
            self._due_ns, self._known = self.session.now(), None
        self._fill()

    def _say_why_empty(self) -> None:
        if self.tail.next is not None:
            self.table.show_notice(notices.still_looking(self.filter.text, stopped=self._steps >= _MOST_STEPS))
        else:
            notice = notices.no_flows(
                self.filter.text, self.session.within(), self.session.stored(), self.session.source.name
            )
            self.table.show_notice(notice)

    def _fill(self) -> None:
        """Read on while the first screen is not full: where few flows pass the filter, pages come with few rows."""
        wanted = self.table.body_height if self.tail.order == model.NEWEST else model.MOST_SORTED
        if len(self.tail.rows) < wanted and self._steps < _MOST_STEPS:
            self._steps += 1
            self._ask_more()

    def cancel(self) -> bool:
        """Give up a question that someone waits for: the first one, or one for another filter or window."""
        if not self._waiting or not self.session.queries.withdraw("flows"):
            return False
        self._waiting = False
        self._give_up()
        return True

    def reload(self) -> None:
        """Ask again at once, for what the filter and the window are now."""
        for lane in self.lanes:
            self.session.queries.withdraw(lane)
        self.tail = self.tail.release()
        self._asked_before = False
        self._due_ns = 0
        self._steps = 0
        self._waiting = True
        self._show_error(None)
        self.table.show_dimmed(dimmed=bool(self.tail.rows))
        self.table.show_loading(loading=True)
        self.poll()

    def link_changed(self) -> None:
        """Show old rows as old; ask at once when the source is back."""
        self.table.show_dimmed(dimmed=self.session.link.disconnected and bool(self.tail.rows))
        if self.session.link.connected:
            self._due_ns, self._known = 0, None
        self.filter.redraw()

    def status_changed(self) -> None:
        """Say why the list is empty, now that more is known: nothing stored, perhaps."""
        if not self.tail.rows and self._asked_before:
            self._say_why_empty()

    def yankables(self) -> list[Yankable]:
        """Offer the selected flow."""
        row = self.table.current
        return [*of_flow(row), of_list("flows", self.session, self.filter.text)] if row is not None else []

    def sortings(self) -> Sequence[Sorting]:
        """Offer the orders of the newest rows: a source gives flows newest first, and in no other order."""
        most = f"of the newest {model.MOST_SORTED}"
        return [
            Sorting(name, does if name == model.NEWEST else f"{does}, {most}", name == self.tail.order)
            for name, (does, _) in model.ORDERS.items()
        ]

    def sort_by(self, name: str) -> None:
        """Put the rows into another order; a live list is held still for it, and follows again when newest first."""
        live = self.session.source.live
        if name == model.NEWEST and live:
            self.resume()
            return
        self.tail = self.tail.sorted(name, pinned=live)
        self._steps = 0
        self.table.set_rows(self.tail.rows, cursor=0)
        self.table.scroll_to(y=0, animate=False, immediate=True)
        self._fill()
        self.preview.redraw()
        self.filter.redraw()
        self.frame.redraw_footer()

    def export(self) -> Exporting | None:
        """Offer every flow of the window that passes the filter, in the list's order; of one held still, none newer."""
        window = self.session.window()
        if window is None:
            return None
        if self.tail.pinned:
            window = Window(window.since_ns, self.tail.newest_ns)
        source, text, wanted, order = (
            self.session.source,
            self.filter.text,
            self.session.queries.wanted,
            self.tail.order,
        )
        return lambda: collected.flows(source, window, text, wanted, order)

    def openables(self) -> dict[str, str]:
        """Offer what the selected flow, and the event it began with, are known by."""
        row = self.table.current
        return model.fields(row) if row is not None else {}

    # What people do.

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self.preview.redraw()
        self._steps = 0
        if self.table.cursor >= len(self.tail.rows) - 3 * self.table.body_height:
            self._ask_more()
        if self.session.source.live and not self.tail.pinned and self.tail.rows:
            self.tail = self.tail.pin()
            self.frame.redraw_footer()
        self.filter.redraw()

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self.table.current
        if row is not None:
            self._pin()
            self.frame.visit("flow", row.question)

    @on(FilterBar.Applied)
    def _filtered(self, event: FilterBar.Applied) -> None:
        event.stop()
        self.frame.redraw_footer()
        self.table.focus()
        self.reload()

    def pause(self) -> None:
        """Hold the rows, or follow again."""
        if self.tail.pinned:
            self.resume()
        elif self.session.source.live:
            self._pin()

    def only_wrong(self) -> None:
        """Show only what went wrong, or everything again."""
        text = self.filter.text
        self.filter.apply(text.replace(_WRONG, "") if _WRONG in text else f"{text} {_WRONG}")

    def resume(self) -> None:
        """Follow the newest rows; in a file, where nothing comes, go to the last row."""
        if not self.session.source.live:
            self.table.action_jump(-1)
            return
        self.tail = self.tail.release()
        self._due_ns, self._known = 0, None
        self.table.show_rows(cursor=0)
        self.filter.redraw()
        self.frame.redraw_footer()
        self.poll()

    def _pin(self) -> None:
        if self.session.source.live and self.tail.rows:
            self.tail = self.tail.pin()
            self.filter.redraw()
            self.frame.redraw_footer()

    # What is drawn.

    def _show_waiting(self, now: int) -> None:
        since = self.session.queries.busy_since("flows")
        waiting = since is not None and now - since >= _PATIENCE_NS and (self._waiting or not self._asked_before)
        late = since is not None and now - since >= _LATE_NS
        if (waiting, late) != (self._waiting, self._late):
            self._waiting, self._late = waiting, late
            self.filter.redraw()

    def _draw_right(self, _width: int) -> Line:
        return model.state(self.tail, self.table.cursor, waiting=self._waiting, late=self._late)

    def _draw_preview(self, width: int) -> list[Line]:
        row = self.table.current
        return model.preview(row, width) if row is not None else []


def _cells(row: FlowRow, width: int) -> tuple[Line, ...]:
    return model.cells(row, short_time=width < model.SHORT_TIME_BELOW)
