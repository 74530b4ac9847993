"""A virtual list that holds its rows, of any type; subclasses say how one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from flowtrail_tui.widgets.virtual import VirtualList

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = TypeVar("Row")


class Rows(VirtualList, Generic[Row]):
    """The rows, and the one under the cursor."""

    header_rows = 1

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Start without rows."""
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()

    def set_rows(self, rows: Sequence[Row], *, cursor: int | None = None) -> None:
        """Show other rows."""
        self.rows = rows
        self.show_rows(cursor=cursor)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)
