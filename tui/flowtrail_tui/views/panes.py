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
_AROUND = 9
"""Lines that are neither the list's nor the pane's."""
_LEAST = 8
"""A pane of fewer lines than this is not worth its place."""


class Panes:
    """Decides how high the pane below a list is."""

    def __init__(self, pane: Document, rule: Lines) -> None:
        """`rule` stands above the pane."""
        self.pane = pane
        self.rule = rule
        self.whole = False

    def fits(self, view: View, rows: int | None = None) -> bool:
        """Tell whether there is room for the pane below the list, or beside so few rows as it has."""
        left = 0 if rows is None else view.app.size.height - _AROUND - rows
        return view.app.size.height >= _FROM_HEIGHT or left >= _LEAST

    def show(self, view: View, *, whole: bool, known: bool, rows: int | None = None) -> None:
        """Show the pane whole, below the list, or not at all while nothing is `known`.

        Where `rows` says how many the list has, the pane takes what they leave.
        """
        self.whole = whole
        height = view.app.size.height
        left = 0 if rows is None else height - _AROUND - rows
        self.pane.display = known and (whole or self.fits(view, rows))
        self.rule.display = self.pane.display and not whole
        self.pane.styles.height = "1fr" if whole else max(4, height // _SHARE, left)
