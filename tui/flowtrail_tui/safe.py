r"""The one boundary between data and the terminal: every character that could act, hide or lie is made visible.

Names, keys, headers and messages come from other people's systems. `safe` turns such text into text that a terminal
can only draw: control characters become their pictures (`␛`), everything that is invisible, changes direction, joins
its neighbours or has no sure width becomes its escape (`\u202e`). It is stable: `safe(safe(x)) == safe(x)`, and each
character that comes out takes at least one cell, except up to two combining marks on a letter.

This module imports neither Textual nor Rich when loaded: the command line uses it too.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

ELLIPSIS = "…"
MARKS_PER_LETTER = 2
"""So many combining marks may stand on one letter (Vietnamese needs two); more of them climb over other lines."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # fillers that look like a space or nothing
_SELECTORS = (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))  # they change a glyph's width
_MODIFIERS = (*range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400))  # flag letters, skin tones: terminals disagree
_UNSURE = _INVISIBLE.union(map(chr, _SELECTORS), map(chr, _MODIFIERS))


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _picture(char: str) -> str:
    """Name the visible stand-in of a character that must not reach the terminal."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else _escape(char)


class _Table(dict[int, str]):
    """What `str.translate` asks per character; each is judged once and remembered (at most 4,096 of them)."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only

    def __missing__(self, code: int) -> str:
        char = chr(code)
        shown = self._judge(char)
        if len(self) < 4096:
            self[code] = shown
        return shown

    def _judge(self, char: str) -> str:
        if " " <= char <= "~":
            return char
        if self._ascii_only:
            return _escape(char)
        if char in _UNSURE or not (char.isprintable() or unicodedata.category(char) == "Zs"):
            return _picture(char)
        if not _is_mark(char) and _cells(char) == 0:
            return _picture(char)
        return char


_TABLE = _Table(ascii_only=False)
_ASCII_TABLE = _Table(ascii_only=True)


def safe(text: str, *, ascii_only: bool = False) -> str:
    """`text` with everything made visible that a terminal would obey, hide or reorder.

    `ascii_only` is for terminals that can not show more: whatever is not ASCII becomes an escape.
    """
    if text.isascii() and text.isprintable():
        return text
    return _remembered(text, ascii_only) if len(text) <= _SHORT else _judged(text, ascii_only)


def _judged(text: str, ascii_only: bool) -> str:
    if ascii_only:
        return text.translate(_ASCII_TABLE)
    shown = text.translate(_TABLE)
    return shown if shown.isascii() else _bounded_marks(shown)


_SHORT = 200
_remembered = lru_cache(maxsize=4096)(_judged)
"""The glyphs and names of a screen come again with every frame."""


def width(text: str) -> int:
    """How many cells a terminal gives to text that went through `safe`."""
    return len(text) if text.isascii() else _cells(text)


def clip(text: str, cells: int, *, ascii_only: bool = False) -> str:
    """`safe(text)`, cut to at most `cells` cells; what was cut ends in an ellipsis. Reads no more than it shows."""
    if cells <= 0:
        return ""
    reach = (MARKS_PER_LETTER + 1) * (cells + 1)
    shown = safe(text[:reach], ascii_only=ascii_only)
    if width(shown) <= cells and len(text) <= reach:
        return shown
    mark = "~" if ascii_only else ELLIPSIS
    return _prefix(shown, cells - 1) + mark


def fit(text: str, cells: int, *, right: bool = False, ascii_only: bool = False) -> str:
    """`clip` filled with spaces to exactly `cells` cells, on the left if `right`."""
    shown = clip(text, cells, ascii_only=ascii_only)
    fill = " " * (cells - width(shown))
    return fill + shown if right else shown + fill


def _cells(text: str) -> int:
    from rich.cells import cell_len  # the table by which Textual lays out; loaded when text is not ASCII

    return cell_len(text)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me")


def _bounded_marks(text: str) -> str:
    """Escape combining marks that stand on nothing, and those beyond the number one letter may carry."""
    out: list[str] = []
    free = 0
    for char in text:
        if not _is_mark(char):
            free = 0 if char.isspace() else MARKS_PER_LETTER
            out.append(char)
        elif free:
            free -= 1
            out.append(char)
        else:
            out.append(_escape(char))
    return "".join(out)


def _prefix(text: str, cells: int) -> str:
    """Take the longest start of `text` that fills at most `cells` cells; marks stay with their letter."""
    if text.isascii():
        return text[: max(cells, 0)]
    used = 0
    for index, char in enumerate(text):
        used += _cells(char)
        if used > cells:
            return text[:index]
    return text
