"""Evidence: the spans that a claim rests on, one row each, and below them the selected one with all that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from flowtrail_collector.errors import NothingKnown
from flowtrail_collector.wording import counted
from flowtrail_tui.exportable import Export
from flowtrail_tui.model import notices, spans
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.parts import Line, Part, line, sides
from flowtrail_tui.views.base import ALWAYS, View, rule
from flowtrail_tui.views.panes import Panes
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Document, Table
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable, of_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_collector.source import Source
    from flowtrail_tui.evidence import Evidence
    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.queries import Answer


class EvidenceView(View):
    """The spans of one claim."""

    title = "Evidence"
    lanes = ("evidence",)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "other_pane", "other pane", show=False)]

    def __init__(self) -> None:
        """Start with no claim."""
        super().__init__(id="evidence")
        self.claim: Evidence | None = None
        self.document: dict[str, Any] = {}
        self.head = Lines(self._draw_head, id="evidence-head")
        self.list: Table[spans.SpanRow] = Table(spans.COLUMNS, spans.cells, id="evidence-list")
        self.pane = Document(self._compose_pane, id="evidence-pane")
        self._panes = Panes(self.pane, Lines(rule, id="evidence-rule"))

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.head
        yield Lines(rule)
        yield self.list
        yield self._panes.rule
        yield self.pane

    def on_mount(self) -> None:
        """Start without a pane."""
        self._show_pane(whole=False)

    def on_resize(self) -> None:
        """Share the room anew."""
        self._show_pane(whole=self._panes.whole)

    # What the frame asks.

    def about(self) -> Evidence | None:
        """Return the claim."""
        return self.claim

    def arrive(self, about: Evidence | None) -> None:
        """Ask for the spans of a claim."""
        if about is not None and (about != self.claim or not self.document):
            self.claim, self.document = about, {}
            self.list.rows = ()
            self.reload()

    def enter(self) -> None:
        """Take the focus."""
        (self.pane if self._panes.whole else self.list).focus()

    def trail(self) -> Sequence[str]:
        """Name the claim."""
        return (self.title, self.claim.title) if self.claim else (self.title,)

    def keys(self) -> Sequence[Key]:
        """Offer what can be done with a span."""
        return (
            Key("enter", "whole span", "app.choose"),
            Key("esc", "back", "app.back"),
            Key("y", "yank", "app.yank"),
            Key("o", "open in", "app.press('o')"),
            Key("e", "export", "app.press('e')"),
            Key("tab", "pane", "app.press('tab')"),
            *ALWAYS,
        )

    def reload(self) -> None:
        """Ask for the spans again."""
        claim, source = self.claim, self.session.source
        if claim is None:
            return
        self.session.queries.withdraw("evidence")
        self.list.show_notice(None)
        self.list.show_loading(loading=not self.list.rows)
        if not self.session.ask("evidence", claim, lambda: _told(source, claim)):
            self.list.show_loading(loading=False)
            self.list.show_notice(notices.too_many())
        self._show_pane(whole=False)

    def answered(self, answer: Answer) -> None:
        """Take the spans or an error."""
        if answer.about != self.claim:
            return
        self.list.show_dimmed(dimmed=answer.error is not None and bool(self.list.rows))
        if answer.error is None:
            self.document, rows = answer.result
            self.list.set_rows(rows, cursor=0)
            self.list.show_notice(notices.no_spans())
        else:
            self.list.show_loading(loading=False)
            self.list.show_notice(notices.failed(answer.error, self.session.source.name))
        self._show_pane(whole=self._panes.whole)
        self.frame.redraw_footer()

    def cancel(self) -> bool:
        """Give up the question."""
        if not self.session.queries.withdraw("evidence"):
            return False
        self.list.show_loading(loading=False)
        self.list.show_notice(notices.cancelled())
        self._show_pane(whole=False)
        return True

    def back(self) -> bool:
        """Leave the pane for the list."""
        if not (self._panes.whole or self.pane.has_focus):
            return False
        self._show_pane(whole=False)
        self.list.focus()
        return True

    def link_changed(self) -> None:
        """Show old rows as old; ask again what was not answered when the source is back."""
        gone = self.session.link.disconnected
        self.list.show_dimmed(dimmed=gone and bool(self.list.rows))
        if not gone and self.claim is not None and not self.document:
            self.reload()

    def yankables(self) -> list[Yankable]:
        """Offer the selected span."""
        row = self.list.current
        return of_evidence(row.ref, row.span, self.claim.question if self.claim else "") if row is not None else []

    def openables(self) -> dict[str, str]:
        """Offer what the selected span is known by elsewhere."""
        return spans.openables(self.list.current) if self.list.current is not None else {}

    def export(self) -> Exporting | None:
        """Offer a row per span, and the spans whole."""
        rows, document = self.list.rows, self.document
        return lambda: Export("evidence", spans.EXPORTED, spans.table(rows), document)

    # What people do.

    @on(VirtualList.Moved, "#evidence-list")
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self.pane.redraw(top=True)

    @on(VirtualList.Chosen, "#evidence-list")
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        self._show_pane(whole=True)
        self.pane.focus()

    def action_other_pane(self) -> None:
        """Move between the rows and the pane; where it has no room, it takes the rows' place."""
        if self.pane.has_focus:
            self.back()
        elif self.list.rows:
            self._show_pane(whole=not self._panes.fits(self, len(self.list.rows)))
            self.pane.focus()

    # What is drawn.

    def _show_pane(self, *, whole: bool) -> None:
        whole = whole and bool(self.list.rows)
        self.list.display = not whole
        self._panes.show(self, whole=whole, known=bool(self.list.rows), rows=len(self.list.rows))
        self.pane.redraw(top=True)
        self.head.redraw()

    def _draw_head(self, width: int) -> list[Line]:
        if self.claim is None:
            return []
        missing = sum(not row.stored for row in self.list.rows)
        said = [counted(len(self.list.rows) - missing, "span")] if self.document else []
        said += [f"{missing:,} no longer stored"] if missing else []
        more = spans.left_out(self.document)
        right = (Part(" · ".join(said), "dim"), Part(f" · {more}" if more else "", "warn"), Part(" "))
        return [sides(line(Part(" "), Part(self.claim.title, "bright")), right, width)]

    def _compose_pane(self, width: int) -> Sequence[Line]:
        row = self.list.current
        return spans.detail(row, width) if row is not None else []


def _told(source: Source, claim: Evidence) -> tuple[dict[str, Any], list[spans.SpanRow]]:
    """Ask for the spans, and for what each of them proves, where the verdict can be asked again."""
    document = source.spans(claim.refs)
    verdict: dict[str, Any] = {}
    if claim.question:
        try:
            verdict = source.ask(claim.question)
        except NothingKnown:
            verdict = {}
    return document, spans.read(document, spans.claims_of(verdict))
