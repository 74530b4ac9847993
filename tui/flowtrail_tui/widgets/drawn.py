"""A virtual list whose rows are drawn by a function of row and width, each over the list's whole width."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from flowtrail_tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowtrail_tui.model.parts import Line


class Drawn(Rows[Row]):
    """Rows that fit any width; so left and right are free, and tell the owner by a message."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "sideways(1)", "right", show=False, id="right"),
        Binding("h,left", "sideways(-1)", "left", show=False, id="left"),
    ]

    class Sideways(Message):
        """A person wants to go to a side."""

        def __init__(self, direction: int) -> None:
            """`direction` is 1 to the right, -1 to the left."""
            super().__init__()
            self.direction = direction

    def __init__(
        self,
        draw: Callable[[Row, int], Line],
        head: Callable[[int], Line],
        *,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """`draw` draws a row, `head` the line above them."""
        super().__init__(id=id)
        self._draw = draw
        self._head = head

    def draw(self, index: int, width: int) -> Line:
        """Draw one row."""
        return self._draw(self.rows[index], width - 2)

    def draw_header(self, width: int) -> Line:
        """Draw the line above the rows."""
        return self._head(width - 2) if self.rows else ()

    def action_sideways(self, direction: int) -> None:
        """Tell the owner."""
        self.post_message(self.Sideways(direction))
