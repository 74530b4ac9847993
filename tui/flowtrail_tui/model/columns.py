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
    """Choose the columns by the list's width and share out its cells, or as many as `cells` (a shifted list's)."""
    room = list_width if cells is None else cells
    order = tuple(index for index, column in enumerate(columns) if list_width >= column.from_width)
    widths = [max(wishes[index], len(columns[index].title)) for index in order]
    for place, index in enumerate(order):
        if columns[index].flex:
            widths[place] = 0
            widths[place] = max(columns[index].least, room - sum(widths) - GAP * (len(widths) - 1))
    return Layout(tuple(columns[index] for index in order), order, tuple(widths))


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
