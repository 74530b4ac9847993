"""What a flow's screen is made of: tree, sequence and spans in one place, the pane below, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_collector.errors import NothingKnown, SourceUnavailable
from flowtrail_tui.model import asked, flow_head, flow_pane, sequence, spans, strokes, waterfall
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.views.base import View, rule
from flowtrail_tui.views.panes import Panes
from flowtrail_tui.widgets.drawn import Drawn
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Document, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.model import notices
    from flowtrail_tui.model.flow_shown import Shown
    from flowtrail_tui.model.flow_tree import Node
    from flowtrail_tui.widgets.virtual import VirtualList

WATERFALL, SEQUENCE, RAW = flow_head.MODES


class FlowPanes(View):
    """A flow's tree, sequence and spans, of which one is shown, and the pane of the selected row."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        super().__init__(id="flow")
        self.question = ""
        self.mode = WATERFALL
        self.shown: Shown | None = None
        self._error: Exception | None = None
        self._lane = 0
        self.head = Lines(self._draw_head, id="flow-head")
        self.causes: Drawn[waterfall.Row] = Drawn(self._draw_row, self._draw_titles, id="flow-tree")
        self.steps: Drawn[sequence.Entry] = Drawn(self._draw_step, self._draw_lanes, id="flow-steps")
        self.raw: Table[spans.SpanRow] = Table(spans.COLUMNS, spans.cells, id="flow-raw")
        self.near: Table[str] = Table(asked.NEAR_COLUMNS, asked.near_cells, id="flow-near")
        self.legend = Lines(self._draw_legend, id="flow-legend")
        self.pane = Document(self._compose_pane, id="flow-pane")
        self._panes = Panes(self.pane, Lines(rule, id="flow-rule"))

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.head
        yield self.causes
        yield self.steps
        yield self.raw
        yield self.near
        yield self.legend
        yield self._panes.rule
        yield self.pane

    def on_mount(self) -> None:
        """Start with the tree alone."""
        self._show_mode()

    def on_resize(self) -> None:
        """Share the room anew."""
        self._show_mode()

    # The selected row.

    def _list(self) -> VirtualList:
        if self.near.rows:
            return self.near
        lists: dict[str, VirtualList] = {WATERFALL: self.causes, SEQUENCE: self.steps, RAW: self.raw}
        return lists[self.mode]

    def _node(self) -> Node | None:
        if self.mode == SEQUENCE:
            entry = self.steps.current
            return entry.node if isinstance(entry, sequence.Step) else None
        row = self.causes.current if self.mode == WATERFALL else None
        return row.node if row is not None else None

    def _span(self) -> spans.SpanRow | None:
        return self.raw.current if self.mode == RAW else None

    def _select(self, node: Node) -> None:
        """Put the cursor on what was selected in the other way of showing it."""
        if self.shown is None:
            return
        self.causes.move_to(self.shown.index(node))
        entries = self.shown.sequence.entries
        place = (at for at, entry in enumerate(entries) if isinstance(entry, sequence.Step) and entry.node is node)
        self.steps.move_to(next(place, self.steps.cursor))
        self._pan_to_step()

    def _grid(self, shown: Shown, lane: int) -> sequence.Grid:
        return sequence.grid(shown.sequence, self.size.width - 3, lane)  # the list may not have been laid out yet

    def _pan_to_step(self) -> None:
        if self.shown is not None and self.steps.current is not None:
            grid = self._grid(self.shown, self._lane)
            self._lane = sequence.reaching(self.shown.sequence, self.steps.current, grid)
            self.steps.refresh()

    def _arranged(self, cursor: int) -> None:
        """Draw the tree after it was folded, focused or opened."""
        if self.shown is not None:
            self.causes.set_rows(self.shown.rows, cursor=cursor)
            self._redraw()

    # What is drawn.

    def _say(self, notice: notices.Notice | None, *, loading: bool) -> None:
        for pane in (self.causes, self.steps):
            pane.show_notice(notice)
            pane.show_loading(loading=loading)

    def _redraw(self) -> None:
        self.head.redraw()
        self.legend.redraw()
        self.pane.redraw(top=True)

    def _show_mode(self) -> None:
        """Show the list of the present mode, and as much of the rest as there is room for."""
        for pane in (self.causes, self.steps, self.raw, self.near):
            pane.display = pane is self._list() and not self._panes.whole
        self._show_pane(whole=self._panes.whole)

    def _show_pane(self, *, whole: bool) -> None:
        whole = whole and self.shown is not None
        self._list().display = not whole
        self._panes.show(self, whole=whole, known=self.shown is not None)
        self.legend.display = self.mode == WATERFALL and self.pane.display and not whole
        self._redraw()

    def _draw_head(self, width: int) -> list[Line]:
        known = self.shown is not None or bool(self.near.rows)
        if known and self._error is not None and not isinstance(self._error, SourceUnavailable):
            role = "unknown" if isinstance(self._error, NothingKnown) else "error"
            said = Part(f" {'?' if role == 'unknown' else '✗'} {self._error}", f"{role}-strong")
            return [line(said, Part("  r", "key", "app.reload"), Part(" ask again", "dim", "app.reload"))]
        if self.shown is not None:
            return [flow_head.head(self.shown.flow, self.mode, width)]
        return [line(Part(f" {self.question}", "bright"), Part("   esc", "key"), Part(" cancels", "dim"))]

    def _draw_titles(self, width: int) -> Line:
        return waterfall.header(self.shown.sheet(width)) if self.shown else ()

    def _draw_row(self, row: waterfall.Row, width: int) -> Line:
        return waterfall.draw(row, self.shown.sheet(width)) if self.shown else ()

    def _draw_lanes(self, width: int) -> Line:
        if self.shown is None:
            return ()
        return sequence.header(self.shown.sequence, sequence.grid(self.shown.sequence, width, self._lane))

    def _draw_step(self, entry: sequence.Entry, width: int) -> Line:
        if self.shown is None:
            return ()
        return sequence.draw(self.shown.sequence, entry, sequence.grid(self.shown.sequence, width, self._lane))

    def _draw_legend(self, _width: int) -> list[Line]:
        return [strokes.legend(row.node for row in self.shown.rows)] if self.shown else []

    def _compose_pane(self, width: int) -> Sequence[Line]:
        row, node = self._span(), self._node()
        if row is not None:
            return spans.detail(row, width)
        if node is not None:
            return flow_pane.pane(node, width)
        entry = self.steps.current if self.mode == SEQUENCE else None
        return (
            [line(Part(f" nothing happened for {f.duration(entry.ns / 1e6)}", "dim"))]
            if isinstance(entry, sequence.Gap)
            else []
        )
