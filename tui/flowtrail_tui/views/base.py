"""What all views share: how they ask, what they tell the frame around them, which keys they offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.containers import Vertical

from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.parts import Line, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.frame import Frame
    from flowtrail_tui.queries import Answer
    from flowtrail_tui.session import Session
    from flowtrail_tui.yankable import Yankable

ALWAYS = (Key("?", "help", "app.help"), Key("q", "quit", "app.quit"))


class View(Vertical):
    """One main view. The frame calls it; the view asks through the session."""

    title = ""
    lanes: tuple[str, ...] = ()

    @property
    def frame(self) -> Frame:
        """The application."""
        return cast("Frame", self.app)

    @property
    def session(self) -> Session:
        """What is known of the source, and how to ask it; answers come to `answered`."""
        return self.frame.session

    def trail(self) -> Sequence[str]:
        """Say where one is, for the status bar."""
        return (self.title,)

    def keys(self) -> Sequence[Key]:
        """Offer keys in the footer, the most useful first."""
        return ALWAYS

    def enter(self) -> None:
        """Become the current view: take the focus."""

    def poll(self) -> None:
        """Ask for what is due; called several times a second while this view is current."""

    def answered(self, answer: Answer) -> None:
        """Take an answer of one of the lanes."""

    def cancel(self) -> bool:
        """Give up the question under way, if a person waits for it."""
        return False

    def back(self) -> bool:
        """Take one step back within the view; False where there is none."""
        return False

    def reload(self) -> None:
        """Ask again now."""

    def link_changed(self) -> None:
        """Take note that the source went away or came back."""

    def status_changed(self) -> None:
        """Take note of what the source says of itself."""

    def yankables(self) -> list[Yankable]:
        """Offer what can be copied of the selected row."""
        return []


def rule(width: int) -> list[Line]:
    """Draw a line across."""
    return [(Part("─" * width, "faint"),)]
