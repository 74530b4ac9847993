"""A virtual list with columns, and one of ready lines (cards, help)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_tui.model.columns import Column, Layout, header, lay_out, measure, row
from flowtrail_tui.model.parts import Line, line_width
from flowtrail_tui.widgets.rows import Row, Rows
from flowtrail_tui.widgets.virtual import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SAMPLE = 50
"""Columns are measured by the first rows: the first screens are enough, all of them would take long."""


class Table(Rows[Row]):
    """Rows of any type, drawn by `cells(row, width of the list)` into columns."""

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[Row, int], Sequence[Line]],
        *,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """`cells` returns one line per column, for the columns that are not shown too."""
        super().__init__(id=id)
        self._columns = columns
        self._cells = cells
        self._wishes: tuple[int, ...] = tuple(column.least for column in columns)
        self._layouts: dict[int, Layout] = {}
        self._measured_for = -1

    def set_columns(self, columns: Sequence[Column], cells: Callable[[Row, int], Sequence[Line]]) -> None:
        """Show other columns of the same rows."""
        self._columns, self._cells = columns, cells
        self._wishes = tuple(column.least for column in columns)
        self._measured_for = -1
        self.refresh()

    def set_rows(self, rows: Sequence[Row], *, cursor: int | None = None) -> None:
        """Show other rows."""
        self._measured_for = -1
        super().set_rows(rows, cursor=cursor)

    def draw(self, index: int, width: int) -> Line:
        """Draw one row into its columns."""
        return row(self._layout(width), self._cells(self.rows[index], self.size.width))

    def draw_header(self, width: int) -> Line:
        """Draw the titles."""
        return header(self._layout(width))

    def widest(self) -> int:
        """Return how many cells the widest row in view needs, its flexible text whole."""
        layout = self._layout(self.size.width)
        top = round(self.scroll_y)
        flexible = next((place for place, column in enumerate(layout.columns) if column.flex), None)
        if flexible is None:
            return layout.total
        index = layout.order[flexible]
        inside = (self._cells(one, self.size.width)[index] for one in self.rows[top : top + self.body_height])
        return layout.total - layout.widths[flexible] + max(map(line_width, inside), default=0)

    def _layout(self, width: int) -> Layout:
        """Lay the columns out; they are chosen by the list's own width, a shifted view only widens the last one."""
        if self._measured_for != self.size.width:
            sample = [self._cells(one, self.size.width) for one in self.rows[:_SAMPLE]]
            # Columns only grow: rows that come and go must not make the others jump.
            self._wishes = tuple(map(max, self._wishes, measure(self._columns, sample)))
            self._layouts = {}
            self._measured_for = self.size.width
        if width not in self._layouts:
            self._layouts[width] = lay_out(self._columns, self._wishes, self.size.width - 2, width - 2)
        return self._layouts[width]


class Document(VirtualList):
    """Ready lines, scrolled; drawn anew for each width by `compose_lines(width)`."""

    has_cursor = False

    def __init__(self, compose_lines: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """`compose_lines` is pure: the same width gives the same lines until `redraw`."""
        super().__init__(id=id)
        self._compose_lines = compose_lines
        self._lines: Sequence[Line] = ()
        self._composed_for = -1

    def redraw(self, *, top: bool = False) -> None:
        """Compose the lines anew; `top` scrolls back to the first."""
        self._composed_for = -1
        self._ready()
        self.show_rows()
        if top:
            self.scroll_to(y=0, animate=False, immediate=True)

    def count(self) -> int:
        """Return how many lines there are."""
        self._ready()
        return len(self._lines)

    def draw(self, index: int, _width: int) -> Line:
        """Return one line."""
        return self._lines[index]

    def _ready(self) -> None:
        if self._composed_for != self.size.width and self.size.width:
            self._lines = self._compose_lines(self.size.width - 2)
            self._composed_for = self.size.width
