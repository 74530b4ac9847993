"""What widgets may ask of the application they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from textual.widget import Widget

    from flowtrail_tui.widgets.paint import Painter


class Host(Protocol):
    """The application as widgets see it."""

    painter: Painter


def host(widget: Widget) -> Host:
    """Return the application of a widget."""
    return cast("Host", widget.app)
