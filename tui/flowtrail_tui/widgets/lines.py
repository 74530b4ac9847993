"""Fixed lines (bars, previews): drawn by a pure function of the width, clickable where a part has an action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from flowtrail_tui.model.parts import Line, Part
from flowtrail_tui.safe import width as cell_width
from flowtrail_tui.widgets.host import host

if TYPE_CHECKING:
    from textual import events
    from textual.geometry import Size
    from textual.strip import Strip

Draw = Callable[[int], Sequence[Line]]


class Lines(Widget):
    """Shows what `draw(width)` returns, one strip per line; call `refresh()` when its outcome changed."""

    DEFAULT_CSS = "Lines { height: 1; }"
    ALLOW_SELECT = False

    def __init__(self, draw: Draw, *, height: int = 1, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """`height` is how many lines there are; further ones that `draw` returns are not shown."""
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._rows: Sequence[Line] = ()
        self._drawn_for = -1
        self.styles.height = height

    def get_content_width(self, container: Size, _viewport: Size) -> int:
        """Take the room there is."""
        return container.width

    def redraw(self) -> None:
        """Draw anew: what the lines say has changed."""
        self._drawn_for = -1
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        width = self.size.width
        if self._drawn_for != width:
            self._rows = self._draw(width)
            self._drawn_for = width
        painter = host(self).painter
        return painter.strip(self._rows[y] if y < len(self._rows) else (), width, painter.ground(self))

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the part under the pointer."""
        part = part_at(self, self._rows[event.y], event.x) if event.y < len(self._rows) else None
        if part is not None and part.action:
            await self.app.run_action(part.action)
        elif part is not None and part.to:
            host(self).visit(*part.to)


def part_at(widget: Widget, parts: Line, x: int) -> Part | None:
    """Return the part of a line that is drawn at a column."""
    place = 0
    for part in parts:
        place += cell_width(host(widget).painter.shown(part))
        if x < place:
            return part
    return None
