"""The map as a picture of its own: SVG with shapes and text, and nothing that could act or load.

It is the drawing in layers with boxes; a node that comes again is dashed. The colours are fixed and every text has its
own ground, so that the picture can be read on a light page and on a dark one.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import map_words
from flowtrail_tui.model.map import Step, steps
from flowtrail_tui.model.map_drawing import layered
from flowtrail_tui.safe import clip, width
from flowtrail_tui.text.map_mermaid import caption, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL, _LINE = 7.3, 46.0
"""Pixels of a character of twelve-pixel monospace, and from line to line."""
_PAD, _TRUNK, _HEIGHT, _EDGE = 10.0, 22.0, 34.0, 16.0
_SMALL = 10 / 12
_LONGEST = 40
_WIDE = 10**6
_STROKES = {"bad": "#d1242f", "odd": "#bf8700", "": "#8c959f"}
_STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace}"
    ".n{fill:#1f2328}.c{fill:#59636e;font-size:10px}"
    ".e{fill:#1f2328;font-size:10px;paint-order:stroke;stroke:#f6f8fa;stroke-width:4px;stroke-linejoin:round}"
)


def picture(document: dict[str, Any]) -> str:
    """Return the SVG."""
    return _Picture(steps(document)).svg()


class _Picture:
    """Where each step stands, and what leads to it."""

    def __init__(self, drawn: Sequence[Step]) -> None:
        self._drawn = drawn
        layers = layered(drawn, _WIDE)
        lines = layers.at if layers else {}
        self._captions = [_caption(step) for step in drawn]
        self._paces = [_pace(step) for step in drawn]
        self._widths = [_width(step.name, told) for step, told in zip(drawn, self._captions, strict=True)]
        self._x = self._columns()
        self._y = [_EDGE + lines[place] * _LINE for place in range(len(drawn))]

    def _columns(self) -> list[float]:
        """Return where each step begins: behind the widest of the layer before, and what is told of the edge."""
        depths = max((step.depth for step in self._drawn), default=-1) + 1
        wide, told = [0.0] * depths, [0.0] * depths
        for step, box, pace in zip(self._drawn, self._widths, self._paces, strict=True):
            wide[step.depth] = max(wide[step.depth], box)
            told[step.depth] = max(told[step.depth], width(pace) * _CELL * _SMALL)
        starts = [_EDGE]
        for depth in range(1, depths):
            gap = _TRUNK + told[depth] + 2 * _PAD if wide[depth - 1] else 0.0
            starts.append(starts[-1] + wide[depth - 1] + gap)
        self._reaches = [start + box for start, box in zip(starts, wide, strict=True)] if depths else []
        return [starts[step.depth] for step in self._drawn]

    def svg(self) -> str:
        """Write head, edges, and nodes above them."""
        wide = max((x + box for x, box in zip(self._x, self._widths, strict=True)), default=0.0) + _EDGE
        high = max(self._y, default=0.0) + _HEIGHT + _EDGE
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" '
            f'width="{wide:.0f}" height="{high:.0f}" role="img"><title>flowtrail map</title><style>{_STYLE}</style>'
        )
        edges = [self._edge(place, step.parent) for place, step in enumerate(self._drawn) if step.parent is not None]
        first = {step.id: place for place, step in reversed(list(enumerate(self._drawn)))}
        nodes = [self._node(place, again=first[step.id] != place) for place, step in enumerate(self._drawn)]
        return "\n".join([head, *edges, *nodes, "</svg>", ""])

    def _edge(self, place: int, parent: int) -> str:
        """Return a line from the parent to the step, its head, and how much flows along it."""
        x, y = self._x[parent] + self._widths[parent], self._y[parent] + _HEIGHT / 2
        to_x, to_y = self._x[place], self._y[place] + _HEIGHT / 2
        trunk = self._reaches[self._drawn[parent].depth] + _TRUNK / 2
        stroke = _STROKES[mark([self._drawn[place]], self._drawn[place].id)]
        path = f"M{x:.1f} {y:.1f}H{trunk:.1f}V{to_y:.1f}H{to_x - 6:.1f}"
        line = f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'
        head = f'<path d="M{to_x:.1f} {to_y:.1f}l-8 -4v8z" fill="{stroke}"/>'
        at = f'x="{to_x - _PAD:.1f}" y="{to_y - 5:.1f}"'
        return f'{line}{head}<text class="e" {at} text-anchor="end">{_text(self._paces[place])}</text>'

    def _node(self, place: int, *, again: bool) -> str:
        step, x, y, told = self._drawn[place], self._x[place], self._y[place], self._captions[place]
        corner = {"destination": 3, "group": _HEIGHT / 2}.get(step.kind, 0)
        fill = "#ddf4ff" if step.kind == "destination" else "#f6f8fa"
        dashed = ' stroke-dasharray="4 3"' if again else ""
        box = (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{self._widths[place]:.1f}" height="{_HEIGHT:.0f}" rx="{corner:.0f}" '
            f'fill="{fill}" stroke="{_STROKES[mark([step], step.id)]}" stroke-width="1.5"{dashed}/>'
        )
        name = f'<text class="n" x="{x + _PAD:.1f}" y="{y + (15 if told else 21):.1f}">{_text(step.name)}</text>'
        below = f'<text class="c" x="{x + _PAD:.1f}" y="{y + 28:.1f}">{_text(told)}</text>' if told else ""
        return f"{box}{name}{below}"


def _caption(step: Step) -> str:
    """Return the second line of a node: what is worth saying, else of how many partitions it is."""
    partitions = f.whole(step.node.get("partitions"))
    told = caption([step], step.id) or (counted(partitions, "partition") if partitions else "")
    return "goes on above" if step.elsewhere else told


def _pace(step: Step) -> str:
    if step.parent is None:
        return ""
    waited = f" · p95 {map_words.wait(step).text}" if step.reads else ""
    return map_words.pace(step.rate, step.edge) + waited


def _width(name: str, told: str) -> float:
    return max(width(clip(name, _LONGEST)) * _CELL, width(clip(told, _LONGEST)) * _CELL * _SMALL) + 2 * _PAD


def _text(text: str) -> str:
    """Write text that can be nothing but text."""
    return escape(clip(text, _LONGEST))
