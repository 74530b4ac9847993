"""The pane below a list: beside it where there is room, in its place where a person wants it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowtrail_tui.views.base import View
    from flowtrail_tui.widgets.lines import Lines
    from flowtrail_tui.widgets.table import Document

_FROM_HEIGHT = 30
_SHARE = 3
"""The pane takes one line in so many."""


class Panes:
    """Decides how high the pane below a list is."""

    def __init__(self, pane: Document, rule: Lines) -> None:
        """`rule` stands above the pane."""
        self.pane = pane
        self.rule = rule
        self.whole = False

    def fits(self, view: View) -> bool:
        """Tell whether there is room for the pane below the list."""
        return view.app.size.height >= _FROM_HEIGHT

    def show(self, view: View, *, whole: bool, known: bool) -> None:
        """Show the pane whole, below the list, or not at all while nothing is `known`."""
        self.whole = whole
        self.pane.display = known and (whole or self.fits(view))
        self.rule.display = self.pane.display and not whole
        self.pane.styles.height = "1fr" if whole else max(4, view.app.size.height // _SHARE)
