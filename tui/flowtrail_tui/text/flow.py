"""A flow as plain lines: the same tree and the same sequence as on the screen, whole, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import flow_head, flow_tree, strokes, waterfall
from flowtrail_tui.model import sequence as sequences
from flowtrail_tui.model.parts import Line, Part
from flowtrail_tui.text.lists import basis

if TYPE_CHECKING:
    from flowtrail_tui.model.flow_tree import Flow


def tree(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the causal tree with its bars."""
    flow = flow_tree.read(document)
    rows = waterfall.rows(flow)
    on = waterfall.sheet(rows, waterfall.scale_of(flow.nodes), width - 1, start=flow.begin)
    drawn = [waterfall.header(on), *(waterfall.draw(row, on) for row in rows)]
    legend = [(), strokes.legend(row.node for row in rows)] if on.wide else []
    return _framed(flow, [(Part(" "), *one) for one in drawn] + legend, document)


def sequence(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the sequence with every lane; a page that is too narrow for them is made as wide as they need."""
    flow = flow_tree.read(document)
    told = sequences.read(flow)
    grid = sequences.grid(told, max(width - 1, sequences.width_for(told)))
    drawn = [sequences.header(told, grid), *(sequences.draw(told, entry, grid) for entry in told.entries)]
    return _framed(flow, [(Part(" "), *one) for one in drawn], document)


def mermaid(document: dict[str, Any]) -> list[Line]:
    """Write the sequence as a Mermaid diagram."""
    text = sequences.mermaid(sequences.read(flow_tree.read(document)))
    return [(Part(one),) for one in text.splitlines()]


def _framed(flow: Flow, lines: list[Line], document: dict[str, Any]) -> list[Line]:
    """Put the headline above, and below what it rests on."""
    headline = flow_head.verdict_line(flow)
    return [headline, (), *lines, (), (Part(" "), *basis(document))]
