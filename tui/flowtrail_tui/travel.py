"""The time range that is looked at: chosen from a list, or typed; back from now, or a piece of the past."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.window import rfc3339
from flowtrail_tui.frame import Frame
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import window as ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    Making = Callable[[int, ranges.Range], ranges.Range]

_TYPED: dict[str, tuple[str, str, Making]] = {
    "until": ("The past, until", "the past: as long as the range, up to a moment", ranges.until),
    "at": ("What happened at", "the past: a minute before and after an instant", ranges.around),
    "since": ("Everything since", "from a moment on", ranges.since),
}
"""What a moment can be typed for: what is asked then, what it does, and the range it makes."""


class Travelling(Frame):
    """The frame with its time range."""

    def action_time_range(self) -> None:
        """Choose the time range."""
        from flowtrail_tui.overlays import Picker

        back_from = "now" if self.session.source.live else "the newest span"
        rows: list[tuple[str, str, Any]] = [
            (one.name, f"back from {back_from}" if one.seconds else "everything stored", one) for one in ranges.RANGES
        ]
        rows += [(f"{word} …", does, word) for word, (_, does, _) in _TYPED.items()]
        length = ranges.present(self.session.range)
        chosen = ranges.RANGES.index(length) if length in ranges.RANGES else 0
        self.push_screen(Picker("Time range", rows, chosen), self._chose_range)

    def _chose_range(self, chosen: ranges.Range | str | None) -> None:
        if isinstance(chosen, ranges.Range):
            self.look_at(chosen)
        elif chosen is not None:
            self._type_moment(chosen)

    def _type_moment(self, word: str) -> None:
        from flowtrail_tui.overlays import Prompt

        title, _, make = _TYPED[word]
        self.push_screen(Prompt(title, partial(self._told, make)), partial(self._take_moment, make))

    def _told(self, make: Making, text: str) -> tuple[bool, str]:
        if not text.strip():
            return False, ranges.MOMENT
        try:
            chosen = make(ranges.moment(text, self.reference()), self.session.range)
        except UsageError as wrong:
            return False, str(wrong)
        ends = [f"{rfc3339(end)[:10]} {f.clock(end)}Z" for end in (chosen.since_ns, chosen.until_ns) if end is not None]
        return True, " to ".join(ends)

    def _take_moment(self, make: Making, text: str | None) -> None:
        if text:
            self.look_at(make(ranges.moment(text, self.reference()), self.session.range))

    def travel(self, word: str, text: str) -> None:
        """Look at what is typed: `since 1h`, `until 12:04:30`, `at 12:04:30`; `until now` comes back from the past."""
        if not text:
            self._type_moment(word)
            return
        try:
            self.look_at(self._range_of(word, text))
        except UsageError as wrong:
            self.say(f"{word}: {wrong}", "error")

    def _range_of(self, word: str, text: str) -> ranges.Range:
        if word == "until" and text.lower() in ("now", "all"):
            return ranges.present(self.session.range)
        if word == "since":
            try:
                return ranges.named(text.lower())
            except UsageError:
                pass  # no age, then: a moment
        return _TYPED[word][2](ranges.moment(text, self.reference()), self.session.range)

    def reference(self) -> int:
        """Return the moment that ages count back from: now, in a file its newest span."""
        if self.session.source.live:
            return self.session.now()
        return f.moment(self.session.status.get("as_of")) or self.session.now()

    def action_widen(self) -> None:
        """Look at all time."""
        self.look_at(ranges.EVERYTHING)

    def action_present(self) -> None:
        """Come back from the past."""
        self.look_at(ranges.present(self.session.range))

    def look_at(self, chosen: ranges.Range) -> None:
        """Look at another time range."""
        self.session.range = chosen
        self.redraw_status()
        self.reload_for_range()
