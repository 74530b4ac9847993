"""What widgets may ask of the application they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from textual.widget import Widget

    from flowtrail_tui.widgets.paint import Painter


class Host(Protocol):
    """The application as widgets see it."""

    painter: Painter

    def visit(self, name: str, about: str) -> None:
        """Open a view on a question or with a filter."""


def host(widget: Widget) -> Host:
    """Return the application of a widget."""
    return cast("Host", widget.app)


def take_focus(widget: Widget, *, scroll_visible: bool) -> None:
    """Give a widget the focus at once: keys that came behind the one that leads to it are meant for it."""
    widget.screen.set_focus(widget, scroll_visible=scroll_visible)
