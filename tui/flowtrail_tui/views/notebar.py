"""The line where a note is typed: what is noted is named before it, and `enter` keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from flowtrail_tui.model.parts import Part, line
from flowtrail_tui.widgets.entry import Entry
from flowtrail_tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult


class NoteBar(Horizontal):
    """One input, hidden until `edit`."""

    DEFAULT_CSS = """
    NoteBar { height: 1; display: none; }
    NoteBar #note-prompt { width: 8; }
    """

    class Noted(Message):
        """A note was typed."""

        def __init__(self, about: str, text: str) -> None:
            """`about` is what `edit` was told."""
            super().__init__()
            self.about = about
            self.text = text

    def __init__(self) -> None:
        """Start hidden."""
        super().__init__()
        self._about = ""

    def compose(self) -> ComposeResult:
        """Lay out the prompt and the input."""
        yield Lines(lambda _: [line(Part(" note: ", "key"))], id="note-prompt")
        yield Entry(placeholder="why; enter keeps it, esc does not")

    @property
    def editing(self) -> bool:
        """True while someone types."""
        return bool(self.display)

    def edit(self, about: str, text: str) -> None:
        """Become an input that begins with `text`."""
        self._about = about
        entry = self.query_one(Entry)
        entry.value = text
        entry.cursor_position = len(entry.value)
        self.display = True
        entry.focus()

    def leave(self) -> None:
        """Hide; what was typed is forgotten."""
        self.display = False

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.leave()
        self.post_message(self.Noted(self._about, event.value))
