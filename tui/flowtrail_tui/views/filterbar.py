"""The line that holds a filter: shown, typed, and told where it is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from flowtrail_tui.model.parts import Line, Part, clip_line, line, line_width, sides
from flowtrail_tui.widgets.entry import Completing
from flowtrail_tui.widgets.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.frame import Frame
    from flowtrail_tui.model.completion import Proposal

HINT = "topic:orders.* verdict:!ok since:15m text"
_ENDS = ("since", "until")
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
        self.ends = ""
        """The ends of the time range that the filter sets, for the status bar."""
        self._wrong: tuple[int | None, str] | None = None
        self._right = right
        self._place = 0

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
            typed = Horizontal(prompt, Completing(self._propose, placeholder=HINT), id="typed")
            await self.mount(typed, before="#wrong")
        self._place = len(self._past)
        entry = self.query_one(Completing)
        entry.value = self.text
        entry.cursor_position = len(self.text)
        self.query_one("#typed").display = True
        self.query_one("#shown").display = False
        entry.focus()
        entry.renew()
        self._frame.want_names()
        self._say(None)

    @property
    def _frame(self) -> Frame:
        return cast("Frame", self.app)

    @property
    def _past(self) -> list[str]:
        return self._frame.sitting.memory.filters

    def _propose(self, text: str) -> Sequence[Proposal]:
        from flowtrail_tui.model.completion import for_filter

        return for_filter(text, self._frame.session.names)

    def leave(self) -> None:
        """Show the filter in force again; what was typed is forgotten."""
        for row in self.query("#typed"):
            row.display = False
        self._say(None)
        self.query_one("#shown").display = True
        self.redraw()

    def apply(self, text: str) -> None:
        """Put a filter in force, or say what is wrong with it and where."""
        from flowtrail_collector.errors import UsageError
        from flowtrail_collector.filters import parse_filter  # only when someone filters: it costs start-up time

        try:
            parsed = parse_filter(text)
        except UsageError as error:
            self.refuse(str(error))
            return
        self.text = text.strip()
        self.ends = " ".join(f"{name}:{end}" for name in _ENDS if (end := getattr(parsed, name)))
        self._frame.sitting.memory.filtered(self.text)
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
            self.query_one(Completing).renew()
            self._say(None)

    @on(Completing.Proposed)
    def _proposed(self, event: Completing.Proposed) -> None:
        event.stop()
        self.query_one("#wrong", Lines).redraw()

    def on_key(self, event: events.Key) -> None:
        """Bring earlier filters into the input with the arrow keys."""
        if not self.editing or event.key not in ("up", "down") or not self._past:
            return
        event.stop()
        self._place = max(0, min(len(self._past), self._place + (-1 if event.key == "up" else 1)))
        entry = self.query_one(Completing)
        entry.value = self._past[self._place] if self._place < len(self._past) else ""
        entry.cursor_position = len(entry.value)

    def on_click(self, event: events.Click) -> None:
        """Edit where the filter is clicked."""
        if not self.editing and event.x < self.size.width // 2:
            self.run_worker(self.edit(), exclusive=True)

    def _say(self, wrong: tuple[int | None, str] | None) -> None:
        self._wrong = wrong
        row = self.query_one("#wrong", Lines)
        row.display = wrong is not None or self.editing
        row.redraw()

    def _draw(self, width: int) -> list[Line]:
        shown = Part(self.text, "accent") if self.text else Part("filter", "dim")
        left = line(Part(" / ", "key", "app.filter"), shown)
        return [sides(left, self._right(width), width)]

    def _draw_proposals(self, width: int) -> Line:
        earlier = line(Part("↑", "key"), Part(" earlier ", "dim")) if self._past else ()
        for entry in self.query(Completing):
            if entry.proposals:
                from flowtrail_tui.model.completion import strip

                return sides(strip(entry.proposals, entry.chosen, width - line_width(earlier) - 1), earlier, width)
        return sides((), earlier, width)

    def _draw_wrong(self, width: int) -> list[Line]:
        if self._wrong is None:
            return [self._draw_proposals(width)]
        place, message = self._wrong
        if place is None:
            return [clip_line((Part(" ✗ ", "error"), Part(message, "error")), width)]
        indent = 3 + place - 1
        caret = (Part(" " * indent), Part("↑ ", "error-strong"))
        if indent + 2 + 24 > width:  # no room behind the place: the message stands before it
            return [clip_line((Part(" "), Part(message, "error"), Part(f" (character {place})", "dim")), width)]
        return [clip_line((*caret, Part(message, "error")), width)]
