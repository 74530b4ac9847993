"""`flowtrail.map/1` as plain lines: in layers from left to right where they fit, else as a tree with its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import map_words
from flowtrail_tui.model.map import steps
from flowtrail_tui.model.map_drawing import columns, layered, tree
from flowtrail_tui.text.lists import basis, table

if TYPE_CHECKING:
    from flowtrail_tui.model.parts import Line


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the map for so many cells."""
    drawn = steps(document)
    if not drawn:
        return [basis(document, "nothing flowed")]
    layers = layered(drawn, width)
    if layers is not None:
        lines = [tuple(part for piece in pieces for part in piece.parts) for pieces in layers.lines]
    else:
        lines = table(columns(width), tree(drawn), width)
    return [*lines, (), map_words.summary(document), basis(document)]
