"""What a terminal makes of the bytes: a screen of cells, the modes left on, and whatever Textual never writes.

It knows the sequences by which Textual draws, each by its whole shape, and no others: the rest goes into `strange`.
"""

from __future__ import annotations

import re
import unicodedata
from codecs import getincrementaldecoder

from rich.cells import cell_len

_SEQUENCES = {
    "style": r"\x1b\[[0-9;]*m",
    "move": r"\x1b\[(?P<row>\d+);(?P<column>\d+)H",
    "mode": r"\x1b\[\?(?P<mode>\d+)(?P<set>[hl])",
    "query": r"\x1b\[\?(?:2026|2048)\$p",
    "keyboard": r"\x1b\[(?P<keys>>\d+|<)u",
    "pointer": r"\x1b\]22;[a-z-]+\x07",
    "clipboard": r"\x1b\]52;c;(?P<copied>[A-Za-z0-9+/=]*)\x07",
    "end": r"(?P<end>[\r\n])",
    "text": r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
}
_TOKEN = re.compile("|".join(f"(?P<is_{name}>{pattern})" for name, pattern in _SEQUENCES.items()))
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:?<>=$]*|\][^\x07\x1b]{0,100000})?\Z")
_CONTROLS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Screen:
    """Takes bytes as they come, in any pieces."""

    def __init__(self, width: int, height: int) -> None:
        """Start empty, as after a terminal was opened."""
        self.strange: list[str] = []
        """What no terminal program of ours writes: unknown sequences, controls, characters that hide or reorder."""
        self.copied: list[str] = []
        """What was put on the clipboard (OSC 52), in base64."""
        self.modes: set[str] = {"25", "7"}
        """Private modes that are on; a fresh terminal shows its cursor and wraps lines."""
        self.keyboard = 0
        """How often the keyboard protocol was changed and not given back."""
        self._decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        self._pending = ""
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Take another size; what is drawn next fills it."""
        self.width, self.height = width, height
        self.cells = [[" "] * width for _ in range(height)]
        self.row = self.column = 0
        self.spilled = 0

    @property
    def lines(self) -> list[str]:
        """The screen as text; the second half of a wide character is nothing."""
        return ["".join(row) for row in self.cells]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def feed(self, data: bytes) -> None:
        """Do what the bytes say."""
        text = self._pending + self._decode(data)
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is not None:
                self._obey(found)
                place = found.end()
            elif _UNFINISHED.match(text, place):
                break
            else:
                self.strange.append(text[place : place + 20])
                place += 1
        self._pending = text[place:]

    def _obey(self, found: re.Match[str]) -> None:
        if found["text"]:
            self._write(found["text"])
        elif found["row"]:
            self.row, self.column = int(found["row"]) - 1, int(found["column"]) - 1
        elif found["end"]:
            self.row, self.column = (self.row + 1, self.column) if found["end"] == "\n" else (self.row, 0)
        elif found["mode"]:
            (self.modes.add if found["set"] == "h" else self.modes.discard)(found["mode"])
        elif found["keys"]:
            self.keyboard += -1 if found["keys"] == "<" else 1
        elif found["copied"] is not None:
            self.copied.append(found["copied"])

    def _write(self, text: str) -> None:
        self.strange += [char for char in text if not char.isascii() and unicodedata.category(char) in _CONTROLS]
        if self.row >= self.height:
            self.spilled += 1  # drawn for a size that the terminal no longer has
            return
        row = self.cells[self.row]
        if text.isascii() and self.column + len(text) <= self.width:
            row[self.column : self.column + len(text)] = text
            self.column += len(text)
            return
        for char in text:
            self._put(row, char)

    def _put(self, row: list[str], char: str) -> None:
        """Put one character where the cursor is; a mark joins the letter before it."""
        cells = cell_len(char)
        if cells == 0:
            row[max(0, min(self.column, self.width) - 1)] += char
        elif self.column + cells > self.width:
            self.spilled += 1
        else:
            row[self.column : self.column + cells] = [char, ""][:cells]
            self.column += cells
