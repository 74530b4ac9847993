"""The line that holds a filter: shown, typed, and told where it is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual import events, on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from flowtrail_tui.model.parts import Line, Part, clip_line, line, sides
from flowtrail_tui.widgets.entry import Entry
from flowtrail_tui.widgets.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

HINT = "topic:orders.* verdict:!ok since:15m text"
_PLACE = re.compile(r"^filter, character (\d+): (.*?)(?: \(in .*\))?$", re.DOTALL)


class FilterBar(Vertical):
    """Shows the filter in force, with what the owner has to say on its right; `/` makes it an input."""

    DEFAULT_CSS = """
    FilterBar { height: auto; }
    FilterBar Horizontal { height: 1; }
    FilterBar #prompt { width: 3; }
    """

    class Applied(Message):
        """Another filter is in force."""

        def __init__(self, text: str) -> None:
            """`text` is the filter, parsed without complaint."""
            super().__init__()
            self.text = text

    def __init__(self, right: Callable[[int], Line]) -> None:
        """`right(width)` draws the right end of the line."""
        super().__init__()
        self.text = ""
        self._wrong: tuple[int | None, str] | None = None
        self._right = right

    def compose(self) -> ComposeResult:
        """Lay out the line; the input comes with the first `/`."""
        yield Lines(self._draw, id="shown")
        yield Lines(self._draw_wrong, id="wrong")

    def on_mount(self) -> None:
        """Show no error yet."""
        self.query_one("#wrong").display = False

    def redraw(self) -> None:
        """Draw the line anew: what the owner says on the right has changed."""
        self.query_one("#shown", Lines).redraw()

    @property
    def editing(self) -> bool:
        """True while someone types."""
        return any(row.display for row in self.query("#typed"))

    async def edit(self) -> None:
        """Become an input."""
        if not self.query("#typed"):
            prompt = Lines(lambda _: [line(Part(" / ", "key"))], id="prompt")
            await self.mount(Horizontal(prompt, Entry(placeholder=HINT), id="typed"), before="#wrong")
        entry = self.query_one(Entry)
        entry.value = self.text
        entry.cursor_position = len(self.text)
        self.query_one("#typed").display = True
        self.query_one("#shown").display = False
        entry.focus()

    def leave(self) -> None:
        """Show the filter in force again; what was typed is forgotten."""
        self._say(None)
        for row in self.query("#typed"):
            row.display = False
        self.query_one("#shown").display = True
        self.redraw()

    def apply(self, text: str) -> None:
        """Put a filter in force, or say what is wrong with it and where."""
        from flowtrail_collector.errors import UsageError
        from flowtrail_collector.filters import parse_filter  # only when someone filters: it costs start-up time

        try:
            parse_filter(text)
        except UsageError as error:
            self.refuse(str(error))
            return
        self.text = text.strip()
        self.leave()
        self.post_message(self.Applied(self.text))

    def refuse(self, message: str) -> None:
        """Say what is wrong; where the message names a character, point at it."""
        found = _PLACE.match(message)
        self._say((int(found[1]), found[2]) if found else (None, message))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.apply(event.value)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.editing:
            self._say(None)

    def on_click(self, event: events.Click) -> None:
        """Edit where the filter is clicked."""
        if not self.editing and event.x < self.size.width // 2:
            self.run_worker(self.edit(), exclusive=True)

    def _say(self, wrong: tuple[int | None, str] | None) -> None:
        self._wrong = wrong
        row = self.query_one("#wrong", Lines)
        row.display = wrong is not None
        row.redraw()

    def _draw(self, width: int) -> list[Line]:
        shown = Part(self.text, "accent") if self.text else Part("filter", "dim")
        left = line(Part(" / ", "key", "app.filter"), shown)
        return [sides(left, self._right(width), width)]

    def _draw_wrong(self, width: int) -> list[Line]:
        if self._wrong is None:
            return [()]
        place, message = self._wrong
        if place is None:
            return [clip_line((Part(" ✗ ", "error"), Part(message, "error")), width)]
        indent = 3 + place - 1
        caret = (Part(" " * indent), Part("↑ ", "error-strong"))
        if indent + 2 + 24 > width:  # no room behind the place: the message stands before it
            return [clip_line((Part(" "), Part(message, "error"), Part(f" (character {place})", "dim")), width)]
        return [clip_line((*caret, Part(message, "error")), width)]
