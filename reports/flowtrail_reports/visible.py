r"""Other people's text, made safe to show in a file: what would act, hide or reorder is written as its escape.

Names, keys and ids come from other systems. A report shows every character of them: controls, bidirectional marks,
zero-width characters and lone surrogates appear as `\u202e`, never as what they do. Formats add their own quoting.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as letters and show nothing."""


def visible(text: str) -> str:
    """Write `text` with every character that could act, hide or reorder as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shows(char) else _escape(char) for char in text)


def _shows(char: str) -> bool:
    if char in _HIDDEN:
        return False
    # Mn, Me: marks stand on a letter; Zs: spaces; all else that is unprintable is a control, a format or unassigned.
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
