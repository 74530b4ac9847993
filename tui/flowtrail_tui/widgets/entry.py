"""The line where people type: whatever is put into it, typed or pasted, is made safe before it is drawn."""

from __future__ import annotations

from textual.widgets import Input

from flowtrail_tui.safe import safe


class Entry(Input):
    """A one-line input without a border."""

    DEFAULT_CSS = """
    Entry, Entry:focus { border: none; height: 1; padding: 0; background: $background; }
    """

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Show `placeholder`, a constant of ours, while nothing is typed."""
        super().__init__(placeholder=placeholder, id=id, compact=True, select_on_focus=False)

    def validate_value(self, value: str) -> str:
        """Make every control and format character visible: the input draws its value as it stands."""
        return safe(value)
