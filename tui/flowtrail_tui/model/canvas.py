"""One line as cells to draw on: later texts cover earlier ones, wide characters take two cells or none."""

from __future__ import annotations

import unicodedata

from flowtrail_tui.model.parts import Line, Part
from flowtrail_tui.safe import clip, width

_BLANK = (" ", "text")
_COVERED = ("", "text")
"""The second cell of a wide character."""


class Canvas:
    """So many cells, blank at first."""

    def __init__(self, cells: int) -> None:
        """Start with blanks."""
        self.cells = [_BLANK] * max(0, cells)

    def put(self, place: int, text: str, role: str, room: int | None = None) -> int:
        """Write `text` from a cell on, cut to `room` and to the canvas; return the cell behind it."""
        if place < 0:
            return place
        left = len(self.cells) - place
        for char in clip(text, left if room is None else min(room, left)):
            if unicodedata.combining(char) and place:
                self.cells[place - 1] = (self.cells[place - 1][0] + char, role)
                continue
            wide = max(1, width(char))
            if place + wide > len(self.cells):
                break
            self._clear(place, wide)
            self.cells[place : place + wide] = [(char, role), *[_COVERED] * (wide - 1)]
            place += wide
        return place

    def _clear(self, place: int, cells: int) -> None:
        """Leave no half of a wide character beside what is written."""
        if self.cells[place] == _COVERED and place:
            self.cells[place - 1] = _BLANK
        after = place + cells
        if after < len(self.cells) and self.cells[after] == _COVERED:
            self.cells[after] = _BLANK

    def rule(self, first: int, last: int, glyph: str, role: str, crossings: dict[str, str]) -> None:
        """Draw a line through the cells between; where another line stands the two cross."""
        for place in range(max(0, first), min(len(self.cells) - 1, last) + 1):
            under = self.cells[place][0]
            self.cells[place] = (crossings.get(under, glyph), role)

    def line(self) -> Line:
        """Return what was drawn, in as few parts as it takes."""
        out: list[Part] = []
        for text, role in self.cells:
            if out and out[-1].role == role:
                out[-1] = Part(out[-1].text + text, role)
            elif text:
                out.append(Part(text, role))
        return tuple(out)
