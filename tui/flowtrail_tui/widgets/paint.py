"""Parts to strips: the only place where text becomes something a terminal draws, and so where it is made safe."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from flowtrail_tui.keymap import Keymap
from flowtrail_tui.safe import safe

if TYPE_CHECKING:
    from textual.widget import Widget

    from flowtrail_tui.model.parts import Line, Part
    from flowtrail_tui.widgets.palette import Palette

_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "!",
        "×": "x",
        "⇅": "%",
        "◌": "o",
        "†": "#",
        "↻": "&",
        "…": "~",
        "▸": ">",
        "▶": ">",
        "◀": "<",
        "∅": "0",
        "↷": "^",
        "–": "-",
        "—": "-",
        "■": "#",
        "↘": "\\",
        "●": "*",
        "·": ".",
        "│": "|",
        "┤": "+",
        "┼": "+",
        "┴": "+",
        "─": "-",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "├": "+",
        "┬": "+",
        "━": "=",
        "▌": ">",
        "≈": "~",
        "≥": ">",
        "→": ">",
        "░": ".",
        "▒": ":",
        "▾": "v",
        "┊": ":",
        "►": ">",
        "◄": "<",
        "‹": "<",
        "›": ">",
        "←": "<",
        "±": "~",
        "▮": "=",
        "↑": "^",
        "▲": "^",
        "Δ": "d",
        "−": "-",
        "▁": "_",
        "▂": ".",
        "▃": "-",
        "▄": "-",
        "▅": "=",
        "▆": "=",
        "▇": "#",
        "█": "#",
    }
)
"""Our own glyphs where a terminal shows only ASCII; data that is not ASCII becomes escapes."""


_KEYS = frozenset({"key", "key-pill", "pill-key"})
"""Roles of parts that name a key."""


def shown(text: str, *, ascii_only: bool) -> str:
    """Return `text` as the terminal may get it."""
    return safe(text.translate(_ASCII), ascii_only=True) if ascii_only else safe(text)


class Painter:
    """Paints lines with one palette, for one kind of terminal. Another theme means another painter."""

    def __init__(self, palette: Palette, *, ascii_only: bool = False, keymap: Keymap | None = None) -> None:
        """`ascii_only` is for terminals that can not show more; `keymap` writes the keys that a person chose."""
        self.palette = palette
        self.ascii_only = ascii_only
        self.keymap = keymap or Keymap()
        self._grounds: WeakKeyDictionary[Widget, Style] = WeakKeyDictionary()
        self._styles: dict[tuple[str, Style], Style] = {}

    def ground(self, widget: Widget) -> Style:
        """Return the background that a widget stands on: lines of our own do not get it from Textual."""
        found = self._grounds.get(widget)
        if found is None:
            found = self._grounds[widget] = Style(bgcolor=widget.rich_style.bgcolor)
        return found

    def strip(self, parts: Line, width: int, background: Style, only_role: str | None = None) -> Strip:
        """Paint a line exactly `width` cells wide; `only_role` paints every part in one role (old data)."""
        segments = [Segment(self.shown(part), self._style(only_role or part.role, background)) for part in parts]
        return Strip(segments).adjust_cell_length(width, background)

    def shown(self, part: Part) -> str:
        """Return a part's text as the terminal gets it, its keys as they are called here."""
        text = part.text
        if part.role in _KEYS and self.keymap.chosen:
            bare = text.strip()
            text = text.replace(bare, self.keymap.spell(bare, part.action), 1) if bare else text
        return shown(text, ascii_only=self.ascii_only)

    def _style(self, role: str, background: Style) -> Style:
        found = self._styles.get((role, background))
        if found is None:
            found = self._styles[role, background] = background + self.palette.style(role)
        return found
