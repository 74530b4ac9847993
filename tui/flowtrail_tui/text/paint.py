"""Lines of parts as text for a terminal or a pipe: safe, coloured or not, without what only a screen can do.

A word always carries the meaning; colour only helps to find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_tui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_tui.model.parts import Line

_TONES = {
    "ok": "32",
    "error": "31",
    "warn": "33",
    "unknown": "33",
    "wait": "36",
    "dim": "2",
    "faint": "2",
    "header": "2",
    "edge": "2",
    "label": "1",
    "bright": "1",
    "title": "1",
    "accent": "36",
}
"""Roles of the screens as codes of a 16-colour terminal; a role not named here has none."""


@dataclass(frozen=True, slots=True)
class Paint:
    """Writes lines; `on` with colour, `ascii_only` for an output whose encoding has no glyphs."""

    on: bool = False
    ascii_only: bool = False

    def line(self, line: Line) -> str:
        """Write one line; parts that act on a click belong to the screen and are left out."""
        texts = [self._part(part.text, part.role) for part in line if part.action is None]
        return "".join(texts).rstrip()

    def lines(self, lines: Iterable[Line]) -> str:
        """Write lines, one below the other, ending in a line break."""
        return "".join(f"{self.line(line)}\n" for line in lines)

    def _part(self, text: str, role: str) -> str:
        shown = safe(text.translate(_PLAIN) if self.ascii_only else text, ascii_only=self.ascii_only)
        base, _, accent = role.partition("-")
        code = ";".join(filter(None, (_TONES.get(base, ""), "1" if accent == "strong" else "")))
        return f"\x1b[{code}m{shown}\x1b[0m" if self.on and code and shown.strip() else shown


_PLAIN = str.maketrans(
    "✓×✗⇅◌†↻…▸▾∅↷–—−·≈≥■↘→←↑│┌┐└┘├┤┬┼┊─►◄‹›●±░▒▁▂▃▄▅▆▇█",
    "+xx%od~.>v0>---.~>#\\><^|++++++++:-><<>*~.:__..--==",
)
"""The screens' glyphs for an output that has none of them."""
