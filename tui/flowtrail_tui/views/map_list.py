"""The map's drawing as a list with a cursor that moves along edges: up and down the lines, to and from a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_tui.model.columns import Layout, header, lay_out, measure, row
from flowtrail_tui.model.map_drawing import Drawing, columns, layered, least_width, selected, tree
from flowtrail_tui.model.parts import Line, line_width
from flowtrail_tui.widgets.virtual import VirtualList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from flowtrail_tui.model.map import Step


class MapList(VirtualList):
    """Draws layers where they fit, else a tree; `place` is the step under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Start without steps."""
        super().__init__(id=id)
        self.steps: Sequence[Step] = ()
        self.place = 0
        self.as_tree = False
        """Whether a person wants the tree, with its figures, where layers would fit."""
        self._drawing: Drawing | None = None
        self._rows: Sequence[tuple[Line, ...]] = ()
        self._layout: Layout | None = None
        self._drawn_for = -1

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show other steps; the cursor stays on its edge, wherever that is drawn now."""
        at = self.current
        places = {step.identity: place for place, step in reversed(list(enumerate(steps)))}
        self.steps = steps
        self.place = places.get(at.identity, 0) if at is not None else 0
        self._drawn_for = -1
        self.show_rows(cursor=self._line_of(self.place))

    def turn(self) -> int | None:
        """Change between layers and the tree; returns the width that layers need where there is too little for them."""
        if not self.can_turn:
            return least_width(self.steps) + 2
        self.as_tree = self._drawing is not None
        self._drawn_for = -1
        self.show_rows(cursor=self._line_of(self.place))
        return None

    @property
    def can_turn(self) -> bool:
        """Tell whether there is room for layers."""
        return least_width(self.steps) <= self.size.width - 2

    @property
    def in_layers(self) -> bool:
        """Tell which of the two drawings is shown."""
        self._ready()
        return self._drawing is not None

    @property
    def current(self) -> Step | None:
        """The step under the cursor."""
        return self.steps[self.place] if self.place < len(self.steps) else None

    def select(self, place: int) -> None:
        """Put the cursor on a step, as a person does."""
        self.place = max(0, min(place, len(self.steps) - 1))
        super().move_to(self._line_of(self.place))

    def count(self) -> int:
        """Return how many lines there are."""
        self._ready()
        return len(self._drawing.lines) if self._drawing else len(self._rows)

    @property
    def header_rows(self) -> int:  # type: ignore[override]  # a drawing has none, a tree's columns have titles
        """How many lines stay above."""
        return 0 if self._drawing else 1

    def draw_header(self, _width: int) -> Line:
        """Draw the titles of the tree's columns."""
        return header(self._layout) if self._layout else ()

    def draw(self, index: int, _width: int) -> Line:
        """Draw one line; of the one under the cursor, the step is marked."""
        if self._drawing is None:
            return row(self._layout, self._rows[index]) if self._layout else ()
        marked = self.place if index == self.cursor else None
        pieces = self._drawing.lines[index]
        return tuple(
            part
            for piece in pieces
            for part in (selected(piece.parts) if marked is not None and piece.step == marked else piece.parts)
        )

    def _ready(self) -> None:
        """Draw for the width there is."""
        cells = self.size.width
        if self._drawn_for == cells or not cells:
            return
        self._drawn_for = cells
        self._drawing = layered(self.steps, cells - 2) if self.steps and not self.as_tree else None
        self._rows = () if self._drawing else tree(self.steps)
        shown = columns(cells)
        self._layout = lay_out(shown, measure(shown, self._rows), cells - 2)

    def _line_of(self, place: int) -> int:
        self._ready()
        return self._drawing.at.get(place, 0) if self._drawing else place

    # Moving.

    def move_to(self, index: int) -> None:
        """Go to a line: to its step in the same layer, else to the nearest one."""
        index = max(0, min(index, self.count() - 1))
        at = self.current
        if self._drawing is None or at is None:
            self.place = index
        elif index != self.cursor:
            steps = self._drawing.on(index)
            self.place = min(steps, key=lambda place: (abs(self.steps[place].depth - at.depth), place))
        super().move_to(index)

    def action_shift(self, direction: int) -> None:
        """Go along the edge: on to the first node behind this one, or back to the one before."""
        at = self.current
        if at is None:
            return
        follows = at.children[0] if at.children else None
        wanted = follows if direction > 0 else at.parent
        if wanted is not None:
            self.select(wanted)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the step that was clicked; a second click opens it."""
        index = event.y + round(self.scroll_y)
        if self._drawing is None or index >= self.count():
            return  # a tree's lines are one step each: the list knows what to do
        event.prevent_default()
        place = self._under(index, event.x - 1)
        if place is None:
            return
        if event.chain > 1 and place == self.place:
            self.action_choose()
        else:
            self.select(place)

    def _under(self, index: int, x: int) -> int | None:
        """Return the step that is drawn at a cell of a line."""
        reach = 0
        for piece in self._drawing.lines[index] if self._drawing else ():
            reach += line_width(piece.parts)
            if x < reach:
                return piece.step
        return None

    def on_resize(self) -> None:
        """Draw for the new size; the cursor stays on its edge."""
        self.offset_x = 0
        self._settle(self._line_of(self.place))
