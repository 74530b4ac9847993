"""The one long list: draws only the lines in view, however many rows there are.

First paint costs a screen of rows, not all of them. Rows come from a callback, so that tables, verdict cards and trees
stand on the same list. The cursor never leaves the view; header lines stay while rows scroll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from flowtrail_tui.model.parts import Line, Part, line_width
from flowtrail_tui.widgets.host import host, take_focus
from flowtrail_tui.widgets.lines import part_at

if TYPE_CHECKING:
    from textual import events
    from textual.strip import Strip

    from flowtrail_tui.model.notices import Notice

_SKELETON = (0.62, 0.48, 0.71, 0.55, 0.66, 0.42, 0.58)
"""How far the bars of a loading list reach, as shares of its width."""


class VirtualList(ScrollView, can_focus=True):
    """A scrolling list with a cursor; subclasses say how many rows there are and draw one.

    State that changes what is shown is set through the methods, which repaint as little as they can.
    """

    DEFAULT_CSS = """
    VirtualList { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="down"),
        Binding("k,up", "move(-1)", "up", show=False, id="up"),
        Binding("ctrl+d", "half(1)", "half a screen down", show=False, id="half-down"),
        Binding("ctrl+u", "half(-1)", "half a screen up", show=False, id="half-up"),
        Binding("pagedown", "page(1)", "a screen down", show=False, id="page-down"),
        Binding("pageup", "page(-1)", "a screen up", show=False, id="page-up"),
        Binding("g,home", "jump(0)", "first", show=False, id="first"),
        Binding("G,end", "jump(-1)", "last", show=False, id="last"),
        Binding("l,right", "shift(1)", "half a screen right", show=False, id="right"),
        Binding("h,left", "shift(-1)", "half a screen left", show=False, id="left"),
        Binding("enter", "choose", "open", show=False, id="open-row"),
    ]

    class Moved(Message):
        """The cursor was moved by a person."""

        def __init__(self, sender: VirtualList) -> None:
            """`sender` is the list."""
            super().__init__()
            self.sender = sender

        @property
        def control(self) -> VirtualList:
            """The list, for selectors."""
            return self.sender

    class Chosen(Moved):
        """The row under the cursor was opened."""

    header_rows = 0
    has_cursor = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Start empty and loading."""
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self.offset_x = 0
        self.loading_rows = True
        self.dimmed = False
        self.notice: Notice | None = None

    def on_mount(self) -> None:
        """Leave the scrollbar out where a terminal can not draw it."""
        if host(self).painter.ascii_only:
            self.styles.scrollbar_size_vertical = 0

    def focus(self, scroll_visible: bool = True) -> Self:
        """Take the focus at once."""
        take_focus(self, scroll_visible=scroll_visible)
        return self

    # What subclasses say.

    def count(self) -> int:
        """Return how many rows there are."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> Line:
        """Draw one row."""
        raise NotImplementedError

    def draw_header(self, _width: int) -> Line:
        """Draw the line that stays above the rows."""
        return ()

    # What owners call.

    def show_rows(self, *, cursor: int | None = None) -> None:
        """Repaint with new rows; the cursor stays where it is unless `cursor` says otherwise."""
        self.loading_rows = False
        self._settle(self.cursor if cursor is None else cursor)

    def show_notice(self, notice: Notice | None) -> None:
        """Say `notice` while there are no rows."""
        self.notice = notice
        self.refresh()

    def show_loading(self, *, loading: bool) -> None:
        """Draw a skeleton while there are no rows."""
        if loading != self.loading_rows:
            self.loading_rows = loading
            self.refresh()

    def show_dimmed(self, *, dimmed: bool) -> None:
        """Draw rows as old data."""
        if dimmed != self.dimmed:
            self.dimmed = dimmed
            self.refresh()

    # Painting.

    @property
    def body_height(self) -> int:
        """How many rows are in view."""
        return max(1, self.size.height - self.header_rows)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the view."""
        width = self.size.width
        if y < self.header_rows:
            return self._paint(self.draw_header(width + self.offset_x), width)
        if not self.count():
            return self._paint_empty(y - self.header_rows, width)
        index = y - self.header_rows + round(self.scroll_y)
        if index >= self.count():
            return self._paint((), width)
        return self._paint(self.draw(index, width + self.offset_x), width, at_cursor=index == self.cursor)

    def _paint(self, parts: Line, width: int, *, at_cursor: bool = False) -> Strip:
        painter = host(self).painter
        only = "dim" if self.dimmed else None
        if not (at_cursor and self.has_cursor):
            strip = painter.strip((Part(" "), *parts), width + self.offset_x, painter.ground(self), only)
        else:
            background = painter.palette.cursor if self.has_focus else painter.palette.blurred
            mark = Part("▌", "accent" if self.has_focus else "dim")
            strip = painter.strip((mark, *parts), width + self.offset_x, painter.ground(self) + background, only)
        return strip.crop(self.offset_x, self.offset_x + width) if self.offset_x else strip

    def _paint_empty(self, y: int, width: int) -> Strip:
        if self.loading_rows:
            reach = int(width * _SKELETON[y % len(_SKELETON)])
            return self._paint((Part("▒" * reach, "skeleton"),) if y < 7 else (), width)
        lines = self.notice.lines(width) if self.notice else []
        top = max(0, (self.body_height - len(lines)) // 3)
        inner = lines[y - top] if 0 <= y - top < len(lines) else ()
        indent = max(0, (width - line_width(inner)) // 2 - 1)
        return self._paint((Part(" " * indent), *inner), width)

    # Moving.

    def _settle(self, cursor: int) -> None:
        """Put the cursor within the rows and the view around the cursor, and repaint."""
        count = self.count()
        self.cursor = max(0, min(cursor, count - 1))
        self.virtual_size = Size(self.size.width, count + self.header_rows)
        self._follow()
        self.refresh()

    def _follow(self) -> None:
        top = round(self.scroll_y)
        if not self.has_cursor:
            return
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + self.body_height:
            self.scroll_to(y=self.cursor - self.body_height + 1, animate=False, immediate=True)

    def move_to(self, index: int) -> None:
        """Move the cursor as a person does: what depends on it is told."""
        if not self.has_cursor:
            self.scroll_to(y=index, animate=False, immediate=True)
            return
        before, top = self.cursor, round(self.scroll_y)
        self.cursor = max(0, min(index, self.count() - 1))
        self._follow()
        if round(self.scroll_y) == top:
            for changed in {before, self.cursor}:
                self.refresh_lines(changed + self.header_rows)
        self.post_message(self.Moved(self))

    def _reach(self) -> int:
        return self.cursor if self.has_cursor else round(self.scroll_y)

    def action_move(self, by: int) -> None:
        """Move by rows."""
        self.move_to(self._reach() + by)

    def action_half(self, direction: int) -> None:
        """Move by half a screen."""
        self.move_to(self._reach() + direction * max(1, self.body_height // 2))

    def action_page(self, direction: int) -> None:
        """Move by a screen."""
        self.move_to(self._reach() + direction * max(1, self.body_height - 1))

    def action_jump(self, to: int) -> None:
        """Move to the first (0) or last (-1) row."""
        self.move_to(0 if to == 0 else self.count() - 1)

    def action_shift(self, direction: int) -> None:
        """Move the view sideways by half a screen."""
        wanted = max(0, self.offset_x + direction * max(1, self.size.width // 2))
        self.offset_x = min(wanted, max(0, self.widest() + 2 - self.size.width))
        self.refresh()

    def widest(self) -> int:
        """Return how many cells the widest row in view needs."""
        return 0

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.count():
            self.post_message(self.Chosen(self))

    # Mouse and surroundings.

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where was clicked; a second click there opens the row, or what is named under the pointer."""
        index = event.y - self.header_rows + round(self.scroll_y)
        if event.y < self.header_rows or index >= self.count():
            return
        if self._follow_link(index, event) or not self.has_cursor:
            return
        if event.chain > 1 and index == self.cursor:
            self.action_choose()
        else:
            self.move_to(index)

    def _follow_link(self, index: int, event: events.Click) -> bool:
        """Go where the name under the pointer leads; in a list that is moved in, only from the row at the cursor."""
        if self.has_cursor and (index != self.cursor or event.chain > 1):
            return False
        parts = (Part(" "), *self.draw(index, self.size.width + self.offset_x))
        found = part_at(self, parts, event.x + self.offset_x)
        if found is None or found.to is None:
            return False
        host(self).visit(*found.to)
        return True

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll as the cursor does: it stays in view."""
        event.stop()
        event.prevent_default()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll as the cursor does: it stays in view."""
        event.stop()
        event.prevent_default()
        self.action_move(-3)

    def on_resize(self) -> None:
        """Keep the cursor in view at the new size."""
        self.offset_x = 0
        self._settle(self.cursor)

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self.refresh()
