"""Map: which service publishes where and who reads it, drawn from what was seen; below, the selected edge in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from flowtrail_tui.model import figures as f
from flowtrail_tui.model import map as model
from flowtrail_tui.model import map_filters, map_words, notices
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.parts import Line, Part, clip_line
from flowtrail_tui.views.base import ALWAYS, rule
from flowtrail_tui.views.filterbar import FilterBar
from flowtrail_tui.views.filtered import Filtered
from flowtrail_tui.views.map_list import MapList
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable, of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_collector.source import Document
    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.queries import Answer

_SECOND = 10**9
EVERY_NS = 5 * _SECOND
PATIENCE = 8
"""A source that takes long is asked again after so many times that long, where that is more."""
PANE_FROM_HEIGHT = 20


class MapView(Filtered):
    """The drawing and the pane below it."""

    title = "Map"
    lanes = ("map",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "lag", "lag of the group", show=False),
        Binding("c", "fold", "collapse, unfold", show=False),
        Binding("v", "turn", "layers, tree", show=False),
    ]

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__("map")
        self.document: Document = {}
        self._folded: set[str] = set()
        self._judged = False
        """Whether the picture that is shown has its findings: the first comes without, because it comes sooner."""
        self.map = MapList(id="map-drawing")
        self.pane = Lines(self._draw_pane, height=4, id="map-pane")

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.filter
        yield self.wrong
        yield self.map
        yield Lines(rule, id="map-rule")
        yield self.pane

    def on_mount(self) -> None:
        """Start without an error and with nothing selected."""
        self._show_error(None)

    def on_resize(self) -> None:
        """Leave the pane out where there is little room."""
        self._share_room()

    def _share_room(self) -> None:
        shown = self.app.size.height >= PANE_FROM_HEIGHT and self.map.current is not None
        self.pane.display = shown
        self.query_one("#map-rule").display = shown

    @property
    def main(self) -> MapList:
        """The list."""
        return self.map

    # What the frame asks.

    def enter(self) -> None:
        """Take the focus."""
        self.map.focus()

    def trail(self) -> Sequence[str]:
        """Name the selected node."""
        at = self.map.current
        return (self.title, at.name) if at is not None else (self.title,)

    def keys(self) -> Sequence[Key]:
        """Offer what can be done here."""
        turn = Key("v", "tree" if self.map.in_layers else "layers", "app.press('v')")
        return (
            Key("enter", "flows", "app.choose"),
            Key("L", "lag", "app.press('L')"),
            Key("a", "anomalies", "app.anomalies"),
            *((turn,) if self.map.can_turn else ()),
            Key("c", "collapse", "app.press('c')"),
            Key("/", "filter", "app.filter"),
            Key("e", "export", "app.press('e')"),
            Key("t", "time", "app.time_range"),
            Key("y", "yank", "app.yank"),
            *ALWAYS,
        )

    def poll(self) -> None:
        """Ask every few seconds; a file once. The first answer comes without findings, the next one with them."""
        now = self.session.now()
        done = self._judged and not self.session.source.live
        if now < self._due_ns or done or not self.session.may_ask():
            return
        window = self.session.window()
        if window is None:
            return
        source, text, findings = self.session.source, self.filter.text, bool(self.document)
        self.session.ask("map", now, lambda: source.map(window, text, findings=findings))

    def answered(self, answer: Answer) -> None:
        """Take a picture or an error."""
        now = self.session.now()
        rest_ns = max(EVERY_NS, PATIENCE * (now - answer.about))
        if answer.error is not None:
            self._due_ns = now + rest_ns
            self._failed(answer.error, known=bool(self.document))
            return
        self.document = answer.result
        self._judged = self.document.get("findings") is not None
        self._due_ns = now + rest_ns if self._judged else 0
        self._show_error(None)
        self._draw()
        self.frame.took_coverage(f.number(self.document.get("coverage")))
        if not self._judged and self.frame.view() is self:
            self.poll()

    def _draw(self) -> None:
        """Draw what is known; of a source that is away, what was seen once, without figures."""
        away = self.session.link.disconnected
        known = model.without_figures(self.document) if away else self.document
        self.map.show_dimmed(dimmed=away)
        self.map.set_steps(model.steps(known, self._folded))
        self.map.show_notice(notices.no_map(self.filter.text, self.session.range.name))
        self._moved_to()
        self.filter.redraw()
        self.frame.redraw_footer()

    def _moved_to(self) -> None:
        self._share_room()
        self.pane.redraw()
        self.frame.redraw_status()

    def cancel(self) -> bool:
        """Give up the first question."""
        if self.document or not self.session.queries.withdraw("map"):
            return False
        self._give_up()
        return True

    def reload(self) -> None:
        """Ask again at once."""
        self.session.queries.withdraw("map")
        self.document, self._judged, self._due_ns = {}, False, 0
        self._show_error(None)
        self.map.show_dimmed(dimmed=bool(self.map.steps))
        self.map.show_loading(loading=True)
        self.poll()

    def link_changed(self) -> None:
        """While the source is away its lag is unknown, not what it was."""
        if self.document:
            self._draw()
        if self.session.link.connected:
            self._due_ns = 0

    # What can be done with the selected step.

    def yankables(self) -> list[Yankable]:
        """Offer the selected step."""
        at = self.map.current
        if at is None:
            return []
        return of_row(at.kind, at.name, {"node": at.node, "edge": at.edge})

    def openables(self) -> dict[str, str]:
        """Offer its destination, group and service."""
        at = self.map.current
        return map_filters.names(at) if at is not None else {}

    def anomalies(self) -> str | None:
        """Offer what was found there."""
        at = self.map.current
        return map_filters.of_step(at) if at is not None else None

    def export(self) -> Exporting | None:
        """Offer the edges, and the drawing as Mermaid and SVG."""
        document = self.document
        if not document:
            return None
        from flowtrail_tui.text.map_files import exported

        return lambda: exported(document)

    # What people do.

    @on(VirtualList.Moved, "#map-drawing")
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self._moved_to()

    @on(VirtualList.Chosen, "#map-drawing")
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        at = self.map.current
        if at is not None:
            self.frame.visit("flows", map_filters.of_flows(at))

    @on(FilterBar.Applied)
    def _filtered(self, event: FilterBar.Applied) -> None:
        event.stop()
        self.map.focus()
        self.reload()

    def action_lag(self) -> None:
        """Show how far the group here is behind, or all that read here."""
        at = self.map.current
        if at is not None:
            self.frame.visit("lag", map_filters.of_lag(at))

    def action_fold(self) -> None:
        """Hide what follows the selected node, or show it again."""
        at = self.map.current
        if at is not None and (at.children or at.folded is not None):
            self._folded ^= {at.id}
            self._draw()

    def action_turn(self) -> None:
        """Change between the drawing in layers and the tree."""
        needed = self.map.turn()
        if needed is not None:
            self.frame.say(f"layers need {needed} columns here")
        self.frame.redraw_footer()

    # What is drawn.

    def _draw_right(self, _width: int) -> Line:
        return map_words.summary(self.document) if self.document else ()

    def _draw_pane(self, width: int) -> list[Line]:
        at = self.map.current
        if at is None:
            return []
        told = map_words.told(at, self.map.steps, f.items(self.document.get("causes")))
        return [clip_line((Part(" "), *one), width) for one in told]
