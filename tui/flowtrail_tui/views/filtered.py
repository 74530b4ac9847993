"""What the views share that show what passes a filter: the filter's line, the line for what went wrong, giving up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import SourceUnavailable, UsageError
from flowtrail_tui.model import notices
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.views.base import View
from flowtrail_tui.views.filterbar import FilterBar
from flowtrail_tui.widgets.lines import Lines

if TYPE_CHECKING:
    from flowtrail_tui.widgets.virtual import VirtualList

_NOT_AGAIN_NS = 3600 * 10**9
"""A question that was given up is not asked again by itself; whoever wants it asks with a key."""


class Filtered(View):
    """A view with a filter above its list. What it shows is what passes; its place is its filter."""

    def __init__(self, name: str) -> None:
        """Start with nothing known."""
        super().__init__(id=name)
        self.error: Exception | None = None
        self.filter = FilterBar(self._draw_right)
        self.wrong = Lines(self._draw_error)
        self._due_ns = 0

    @property
    def main(self) -> VirtualList:
        """The list."""
        raise NotImplementedError

    def about(self) -> str:
        """Return the filter."""
        return self.filter.text

    def arrive(self, about: Any) -> None:
        """Put a filter in force."""
        if isinstance(about, str) and about != self.filter.text:
            self.filter.apply(about)

    def back(self) -> bool:
        """Leave the filter's input."""
        if not self.filter.editing:
            return False
        self.filter.leave()
        self.main.focus()
        return True

    def _failed(self, error: Exception, *, known: bool) -> None:
        """Keep what was `known` as old; say what is wrong. The source's absence is said by the frame."""
        if isinstance(error, UsageError) and self.filter.text:
            self.filter.refuse(str(error))
        elif not isinstance(error, SourceUnavailable):
            self._show_error(error)
        self.main.show_loading(loading=False)
        self.main.show_dimmed(dimmed=known)
        self.main.show_notice(notices.failed(error, self.session.source.name))
        self.filter.redraw()

    def _give_up(self) -> None:
        """Show that nothing is awaited any more."""
        self.main.show_loading(loading=False)
        self.main.show_notice(notices.cancelled())
        self.filter.redraw()
        self._due_ns = self.session.now() + _NOT_AGAIN_NS

    def _show_error(self, error: Exception | None) -> None:
        self.error = error
        self.wrong.display = error is not None
        self.wrong.redraw()
        self._share_room()

    def _share_room(self) -> None:
        """Give each part its lines."""

    def _draw_error(self, _width: int) -> list[Line]:
        wrong, again = Part(" ✗ ", "error-strong"), Part("  r", "key", "app.reload")
        return [line(wrong, Part(str(self.error), "error"), again, Part(" ask again", "dim", "app.reload"))]

    def _draw_right(self, _width: int) -> Line:
        """Draw the right end of the filter's line."""
        return ()
