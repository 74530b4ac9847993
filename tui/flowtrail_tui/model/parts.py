"""The one currency between model and widgets: a line is a tuple of parts, a part is text with a role.

A role names a meaning (`ok`, `error`, `dim`); a palette gives it colour. Parts may carry raw data: they are made safe
where they are painted, and nowhere do they reach a terminal in another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_tui.safe import clip, safe, width

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Part:
    """Text in one role; `action` is what a click on it runs (a constant of ours, never data).

    `to` is where a click leads: a view, and what it is to show there, a question or a filter.
    """

    text: str
    role: str = "text"
    action: str | None = None
    to: tuple[str, str] | None = None


Line = tuple[Part, ...]


def line(*parts: Part | str) -> Line:
    """Make a line; plain strings take the role `text`."""
    return tuple(Part(part) if isinstance(part, str) else part for part in parts)


def line_width(parts: Iterable[Part]) -> int:
    """How many cells the line takes once it is safe."""
    return sum(width(safe(part.text)) for part in parts)


def clip_line(parts: Iterable[Part], cells: int) -> Line:
    """Cut a line to at most `cells` cells; the part that is cut ends in an ellipsis."""
    out: list[Part] = []
    left = cells
    for part in parts:
        if left <= 0:
            break
        shown = clip(part.text, left)
        out.append(Part(shown, part.role, part.action, part.to))
        left -= width(shown)
    return tuple(out)


def fill_line(parts: Iterable[Part], cells: int, role: str = "text") -> Line:
    """`clip_line` filled with blanks to exactly `cells` cells."""
    clipped = clip_line(parts, cells)
    return (*clipped, Part(" " * (cells - line_width(clipped)), role))


def sides(left: Line, right: Line, cells: int) -> Line:
    """Lay out a line with a left and a right end; where both do not fit, the left one is cut."""
    right = clip_line(right, cells - 1)
    room = cells - line_width(right) - 1
    return (*fill_line(left, room), Part(" "), *right) if right else fill_line(left, cells)


def wrap(text: str, cells: int) -> list[str]:
    """Break safe text into lines of at most `cells` cells, at blanks where there are any."""
    cells = max(cells, 1)
    lines: list[str] = []
    current = ""
    for word in safe(text).split(" "):
        candidate = f"{current} {word}" if current else word
        if width(candidate) <= cells:
            current = candidate
            continue
        if current:
            lines.append(current)
        while width(word) > cells:
            head = _head(word, cells)
            lines.append(head)
            word = word[len(head) :]
        current = word
    return [*lines, current] if current or not lines else lines


def _head(word: str, cells: int) -> str:
    """As many characters of a long word as fill a line; at least one, so that wrapping ends."""
    used = 0
    for index, char in enumerate(word):
        used += width(char)
        if used > cells and index:
            return word[:index]
    return word
