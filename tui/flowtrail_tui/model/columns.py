"""Columns of a list: which are shown at a width, and how wide each is; the flex column takes what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_tui.model.parts import Line, Part, fill_line, line_width

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its bounds, and from which list width on it is shown. One column at most is flexible."""

    title: str
    least: int
    most: int
    from_width: int = 0
    right: bool = False
    flex: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns shown and their widths; `order` holds each one's index among all columns."""

    columns: tuple[Column, ...]
    order: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def total(self) -> int:
        """Cells from the first column's start to the last one's end."""
        return sum(self.widths) + GAP * (len(self.widths) - 1)


def measure(columns: Sequence[Column], rows: Sequence[Sequence[Line]]) -> tuple[int, ...]:
    """Give each column's wish: its widest cell in `rows` within its bounds."""
    return tuple(
        max(column.least, min(column.most, max((line_width(row[index]) for row in rows), default=0)))
        for index, column in enumerate(columns)
    )


def lay_out(columns: Sequence[Column], wishes: Sequence[int], list_width: int, cells: int | None = None) -> Layout:
    """Choose the columns by the list's width and share out its cells, or as many as `cells` (a shifted list's).

    Where even those are too wide, the columns that are for wider lists go first.
    """
    order = [index for index, column in enumerate(columns) if list_width >= column.from_width]
    while _least(columns, wishes, order) > list_width and any(columns[index].from_width for index in order):
        order.remove(max(order, key=lambda index: columns[index].from_width))
    widths = [_wish(columns, wishes, index) for index in order]
    room = (list_width if cells is None else cells) - _least(columns, wishes, order)
    for place, index in enumerate(order):
        widths[place] += max(0, room) if columns[index].flex else 0
    return Layout(tuple(columns[index] for index in order), tuple(order), tuple(widths))


def _wish(columns: Sequence[Column], wishes: Sequence[int], index: int) -> int:
    column = columns[index]
    return max(column.least if column.flex else wishes[index], len(column.title))


def _least(columns: Sequence[Column], wishes: Sequence[int], order: Sequence[int]) -> int:
    """How many cells these columns take before the flexible one gets what is left."""
    return sum(_wish(columns, wishes, index) for index in order) + GAP * (len(order) - 1)


def header(layout: Layout) -> Line:
    """Draw the titles."""
    return _join(layout, [(Part(column.title, "header"),) for column in layout.columns])


def row(layout: Layout, cells: Sequence[Line]) -> Line:
    """Draw one row; `cells` has one line per column of the list, shown or not."""
    return _join(layout, [cells[index] for index in layout.order])


def _join(layout: Layout, cells: Sequence[Line]) -> Line:
    parts: list[Part] = []
    for column, cell, width in zip(layout.columns, cells, layout.widths, strict=True):
        if parts:
            parts.append(Part(" " * GAP))
        filled = fill_line(cell, width)
        parts.extend((filled[-1], *filled[:-1]) if column.right else filled)
    return tuple(parts)
