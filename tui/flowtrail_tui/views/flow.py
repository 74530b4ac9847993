"""Flow: one flow as a causal tree with bars on a time axis, as a sequence, or as all its spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from flowtrail_collector.errors import NothingKnown
from flowtrail_tui.exportable import Export
from flowtrail_tui.model import asked, flow_head, flow_row, flow_tree, notices, sequence, spans
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.flow_shown import Shown
from flowtrail_tui.model.verdict import question_of
from flowtrail_tui.views.base import ALWAYS
from flowtrail_tui.views.flow_panes import RAW, SEQUENCE, WATERFALL, FlowPanes
from flowtrail_tui.widgets.drawn import Drawn
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable, of_event, of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.evidence import Evidence
    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.model.jumps import Named
    from flowtrail_tui.queries import Answer


class FlowView(FlowPanes):
    """A flow's tree, sequence or spans, and the pane of the selected row."""

    title = "Flow"
    lanes = ("flow", "flow-spans")
    forms = (("mmd", "Mermaid: the sequence as a diagram"),)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "next_mode", "view", show=False),
        Binding("f", "focus_subtree", "focus", show=False),
        Binding("n", "anomaly(1)", "next anomaly", show=False),
        Binding("N", "anomaly(-1)", "anomaly before", show=False),
        Binding("z", "zoom", "zoom", show=False),
        Binding("R", "turn_times", "times", show=False),
        Binding("tab", "other_pane", "other pane", show=False),
    ]

    def __init__(self) -> None:
        """Start with nothing asked."""
        super().__init__()
        self._told: dict[str, Any] = {}

    # What the frame asks.

    def about(self) -> str:
        """Return the question."""
        return self.question

    def arrive(self, about: str | None) -> None:
        """Ask about a flow or an event; the same again stays as it was arranged."""
        if about and (about != self.question or self.shown is None):
            self.question = about
            self.reload()

    def enter(self) -> None:
        """Take the focus."""
        if not self._panes.whole:
            self._list().focus()

    def trail(self) -> Sequence[str]:
        """Name the flow."""
        name = self.shown.flow.name if self.shown else self.question.partition(":")[2] or self.question
        return ("Flows", name) if self.mode == WATERFALL else ("Flows", name, self.mode)

    def keys(self) -> Sequence[Key]:
        """Offer what can be done in the way the flow is shown now."""
        own = {
            WATERFALL: (
                Key("←→", "fold", "app.press('left')"),
                Key("f", "focus", "app.press('f')"),
                Key("z", "zoom", "app.press('z')"),
                Key("R", "times", "app.press('R')"),
            ),
            SEQUENCE: (Key("←→", "pan", "app.press('right')"),),
            RAW: (),
        }[self.mode]
        return (
            Key("enter", "span" if self.mode == RAW else "verdict", "app.choose"),
            Key("v", "view", "app.press('v')"),
            Key("E", "evidence", "app.press('E')"),
            *((Key("n/N", "anomaly", "app.press('n')"),) if self.mode != RAW else ()),
            Key("esc", "back", "app.back"),
            *own,
            Key("tab", "pane", "app.press('tab')"),
            Key("y", "yank", "app.yank"),
            Key("e", "export", "app.press('e')"),
            *ALWAYS,
        )

    def reload(self) -> None:
        """Ask the same again."""
        if not self.question:
            return
        for lane in self.lanes:
            self.session.queries.withdraw(lane)
        self._error, self._told = None, {}
        self.near.rows, self.raw.rows = (), ()
        self._say(None, loading=self.shown is None)
        source, question = self.session.source, self.question
        if not self.session.ask("flow", question, lambda: Shown(flow_tree.read(source.ask(question)))):
            self._say(notices.too_many(), loading=False)
        self._show_mode()

    def _ask_spans(self) -> None:
        """Ask for all spans of the flow's traces; once, when they are first looked at."""
        if self.shown is None or self._told or self.session.queries.busy_since("flow-spans") is not None:
            return
        source, events = self.session.source, self.shown.flow.events
        self.raw.show_loading(loading=True)

        def ask() -> tuple[dict[str, Any], list[spans.SpanRow]]:
            document = source.spans((), traces=spans.traces_of(events))
            return document, spans.read(document, spans.claims_of({"events": events}))

        self.session.ask("flow-spans", self.question, ask)

    def answered(self, answer: Answer) -> None:
        """Take the flow, its spans, or an error."""
        if answer.about != self.question:
            return
        if answer.lane == "flow-spans":
            self._took_spans(answer)
            return
        self._error = answer.error
        if answer.error is None:
            self._took_flow(answer.result)
        elif isinstance(answer.error, NothingKnown):
            self.shown = None
            self.near.set_rows(answer.error.near, cursor=0)
        self._say(notices.failed(answer.error, self.session.source.name) if answer.error else None, loading=False)
        self.causes.show_dimmed(dimmed=answer.error is not None)
        self._show_mode()
        if self.frame.current == self.id:
            self.enter()
        self.frame.redraw_status()
        self.frame.redraw_footer()

    def _took_flow(self, shown: Shown) -> None:
        self.shown = shown
        self._lane = 0
        self.frame.took_coverage(f.number(shown.flow.document.get("coverage")))
        self.causes.set_rows(shown.rows, cursor=shown.first_bad())
        self.steps.set_rows(shown.sequence.entries, cursor=0)

    def _took_spans(self, answer: Answer) -> None:
        if answer.error is not None:
            self.raw.show_loading(loading=False)
            self.raw.show_notice(notices.failed(answer.error, self.session.source.name))
            return
        self._told, rows = answer.result
        self.raw.set_rows(rows, cursor=0)
        self.raw.show_notice(notices.no_spans())
        self._redraw()

    def cancel(self) -> bool:
        """Give up what is asked."""
        withdrawn = [lane for lane in self.lanes if self.session.queries.withdraw(lane)]
        if withdrawn:
            self._say(notices.cancelled(), loading=False)
        return bool(withdrawn)

    def back(self) -> bool:
        """Leave a pane that fills the view, then the subtree in focus."""
        if self._panes.whole or self.pane.has_focus:
            self._show_pane(whole=False)
            self._list().focus()
            return True
        if self.shown is not None and self.shown.focus is not None and self.mode == WATERFALL:
            self._arranged(self.shown.focus_on(None))
            return True
        return False

    def link_changed(self) -> None:
        """Show what was answered as old; a flow that could not be asked is asked when the source is back."""
        gone = self.session.link.disconnected
        for pane in (self.causes, self.steps, self.raw):
            pane.show_dimmed(dimmed=gone and bool(pane.count()))
        if not gone and self.shown is None and self._error is not None:
            self.reload()

    # What the selected row offers.

    def evidence(self) -> Evidence | None:
        """Offer the spans of the selected row's claim; of a span, that span."""
        row, node = self._span(), self._node()
        if row is not None:
            return spans.evidence_of(row, self.question)
        return flow_row.evidence_of(node) if node is not None else None

    def anomalies(self) -> str | None:
        """Offer what is wrong at the selected row's destination and group."""
        node = self._node()
        return flow_row.anomalies_of(node) if node is not None else None

    def openables(self) -> dict[str, str]:
        """Offer the fields of the selected row."""
        row, node = self._span(), self._node()
        if row is not None:
            return spans.openables(row)
        return flow_row.openables(node) if node is not None else {}

    def named(self) -> list[Named]:
        """Offer everything that the selected row names: the event, its records, its cause, its groups."""
        node = self._node()
        return [*self.openables().items(), *(asked.named(node.event) if node is not None else ())]

    def yankables(self) -> list[Yankable]:
        """Offer the event of the selected row, or the span."""
        row, node = self._span(), self._node()
        if row is not None:
            return of_row("span", row.ref, row.span)
        if node is None or self.shown is None:
            return []
        return of_event(node.event, question_of(node.event), self.shown.flow.document)

    def export(self) -> Exporting | None:
        """Offer every step as a row, the verdict as the document, and the sequence as Mermaid."""
        shown = self.shown
        if shown is None:
            return None
        return lambda: Export(
            "flow",
            flow_row.EXPORTED,
            flow_row.table(shown.flow),
            shown.flow.document,
            {"mmd": sequence.mermaid(shown.sequence)},
        )

    # What people do.

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        if event.sender is self.steps:
            self._pan_to_step()
        if event.sender is not self.pane:
            self.pane.redraw(top=True)

    @on(Drawn.Sideways)
    def _sideways(self, event: Drawn.Sideways) -> None:
        event.stop()
        if self.shown is None:
            return
        if self.mode == SEQUENCE:
            grid = self._grid(self.shown, self._lane + event.direction)
            self._lane = grid.first
            self.steps.refresh()
        elif self.causes.current is not None:
            go = self.shown.right if event.direction > 0 else self.shown.left
            self._arranged(go(self.causes.cursor))

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        node = self._node()
        if event.sender is self.near:
            if self.near.current is not None:
                self.frame.visit("ask", asked.askable(self.near.current)[0])
        elif event.sender is self.raw:
            self._show_pane(whole=True)
            self.pane.focus()
        elif node is not None and node.kind == "more":
            self.causes.action_sideways(1)
        elif node is not None:
            self.frame.visit("ask", question_of(node.event))

    def action_next_mode(self) -> None:
        """Show the flow in the next way."""
        node = self._node()
        self.mode = flow_head.MODES[(flow_head.MODES.index(self.mode) + 1) % len(flow_head.MODES)]
        if node is not None:
            self._select(node)
        if self.mode == RAW:
            self._ask_spans()
        self._show_mode()
        self._list().focus()
        self.frame.redraw_status()
        self.frame.redraw_footer()

    def action_focus_subtree(self) -> None:
        """Show nothing but the selected row and what it caused."""
        if self.shown is not None and self.mode == WATERFALL and self.shown.rows:
            self._arranged(self.shown.focus_on(self.causes.cursor))

    def action_zoom(self) -> None:
        """Fit the time axis to the selected row and what it caused, or to the whole flow again."""
        if self.shown is not None and self.mode == WATERFALL and self.shown.rows:
            part = self.shown.zoom(self.causes.cursor)
            self.frame.say("the axis shows the selected subtree; z shows the whole flow" if part else "the whole flow")
            self.causes.refresh()

    def action_turn_times(self) -> None:
        """Count times from the parent or from the flow's start; while the source is away, try to reconnect."""
        if self.session.link.disconnected:
            self.session.ask_status(at_once=True)
        elif self.shown is not None:
            self.shown.turn_times()
            self.causes.refresh()

    def action_anomaly(self, direction: int) -> None:
        """Go to the next row, or the one before, with which something is wrong."""
        if self.shown is None or self.mode == RAW:
            return
        node = self._node()
        found = self.shown.next_bad(self.shown.index(node) if node else 0, direction)
        if found is None:
            self.frame.say("no further anomaly" if direction > 0 else "no anomaly before this one")
            return
        self._arranged(found)
        if self.mode == SEQUENCE:
            self._select(self.shown.rows[found].node)

    def action_other_pane(self) -> None:
        """Move between the rows and the pane; where it has no room, it takes the rows' place."""
        if self.pane.has_focus:
            self._show_pane(whole=False)
            self._list().focus()
        else:
            self._show_pane(whole=not self._panes.fits(self))
            self.pane.focus()
