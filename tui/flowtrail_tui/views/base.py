"""What all views share: how they ask, what they tell the frame around them, which keys they offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from textual.containers import Vertical

from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.parts import Line, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.evidence import Evidence
    from flowtrail_tui.exportable import Exporting
    from flowtrail_tui.frame import Frame
    from flowtrail_tui.model.jumps import Named
    from flowtrail_tui.queries import Answer
    from flowtrail_tui.session import Session
    from flowtrail_tui.yankable import Yankable

ALWAYS = (Key("?", "help", "app.help"), Key("q", "quit", "app.quit"))


@dataclass(frozen=True, slots=True)
class Sorting:
    """An order of rows: its name, what comes first, whether it is the present one."""

    name: str
    does: str
    chosen: bool = False


class View(Vertical):
    """One main view. The frame calls it; the view asks through the session."""

    title = ""
    lanes: tuple[str, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()
    """Forms that its export has beside a table's: the ending of their file (a key of `Export.forms`), what it is."""

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

    def about(self) -> Any:
        """Return what is shown, so that `arrive` shows it again: a filter, a question."""
        return None

    def passing(self) -> bool:
        """Tell whether nothing is shown yet that one could come back to: a question that is being typed."""
        return False

    def arrive(self, about: Any) -> None:
        """Show what was returned by `about`, or what another view wants shown here; None: as it was."""

    @property
    def windowed(self) -> bool:
        """Tell whether what is shown is of the time range: another range then asks for other rows."""
        return hasattr(self, "filter")

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

    # What can be done with the selected row, or with all of them.

    def yankables(self) -> list[Yankable]:
        """Offer what can be copied of the selected row."""
        return []

    def openables(self) -> dict[str, str]:
        """Offer what the selected row is known by elsewhere: the fields of `open` templates."""
        return {}

    def named(self) -> list[Named]:
        """Offer everything that the selected row names, as fields of `open` templates; `J` leads there."""
        return list(self.openables().items())

    def evidence(self) -> Evidence | None:
        """Offer the spans that prove what the selected row claims."""
        return None

    def anomalies(self) -> str | None:
        """Offer a filter that shows what is wrong with what is selected."""
        return None

    def export(self) -> Exporting | None:
        """Offer the rows as they are filtered."""
        return None

    def sortings(self) -> Sequence[Sorting]:
        """Offer the orders that the rows can have; the one they have is marked."""
        return ()

    def sort_by(self, name: str) -> None:
        """Put the rows into one of the orders that `sortings` offers."""


def rule(width: int) -> list[Line]:
    """Draw a line across."""
    return [(Part("─" * width, "faint"),)]
