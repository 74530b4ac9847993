"""The tree of a flow as rows with bars on a time axis: pure, a row and a width in, a line out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import GAP
from flowtrail_tui.model.parts import Line, Part, fill_line, line, line_width
from flowtrail_tui.model.strokes import Scale, bar
from flowtrail_tui.model.verdict import records

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from flowtrail_tui.model.flow_tree import Flow, Node

AXIS_FROM_WIDTH = 100
"""Narrower lists show the tree and durations, no axis."""
_TICK_CELLS = 10
_OUTCOME, _WHERE, _AT = 17, 19, 7
_LEAST_NAME, _MOST_NAME = 24, 44
_MEASURED = 200
"""Rows by whose names the first column is measured."""


@dataclass(frozen=True, slots=True)
class Row:
    """One visible row: its node and the guides that lead to it."""

    node: Node
    guides: str
    folded: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the columns share a width, and what the times are relative to."""

    width: int
    name: int
    scale: Scale | None
    start: int | None = None
    """The flow's beginning, from which times are counted."""
    to_parent: bool = False

    @property
    def axis(self) -> int:
        """Cells of the time axis; none where there is no room."""
        return max(0, self.width - self.name - _OUTCOME - _WHERE - _AT - 4 * GAP) if self.wide else 0

    @property
    def wide(self) -> bool:
        """True where there is room for an axis."""
        return self.width >= AXIS_FROM_WIDTH


def rows(flow: Flow, folded: Collection[int] = (), focus: Node | None = None) -> list[Row]:
    """Return the rows that are visible: nothing below a folded node, and only the subtree in focus."""
    found: list[Row] = []
    roots = flow.roots if focus is None else [focus]
    stack = [(node, "", "") for node in reversed(roots)]
    while stack:
        node, guide, below = stack.pop()
        closed = node.number in folded
        found.append(Row(node, guide, closed))
        if closed:
            continue
        last = len(node.children) - 1
        stack += [
            (child, below + ("└ " if place == last else "├ "), below + ("  " if place == last else "│ "))
            for place, child in reversed(list(enumerate(node.children)))
        ]
    return found


def scale_of(nodes: Sequence[Node]) -> Scale | None:
    """Return the times that some nodes span; None where none has a time."""
    times = [at for node in nodes for at in (node.begin, node.end) if at is not None]
    return Scale(min(times), max(times)) if times else None


def subtree(node: Node) -> list[Node]:
    """Return a node and all below it."""
    found, stack = [], [node]
    while stack:
        found.append(stack.pop())
        stack += found[-1].children
    return found


def sheet(
    shown: Sequence[Row], scale: Scale | None, width: int, *, start: int | None = None, to_parent: bool = False
) -> Sheet:
    """Share a width among the columns: names get what they need within bounds, the axis the rest."""
    if width < AXIS_FROM_WIDTH:
        return Sheet(width, width - _OUTCOME - _AT - 2 * GAP, scale, start, to_parent)
    longest = max((line_width(_name(row)) for row in shown[:_MEASURED]), default=0)
    most = max(_LEAST_NAME, min(_MOST_NAME, width * 3 // 10))
    return Sheet(width, max(_LEAST_NAME, min(most, longest)), scale, start, to_parent)


def header(on: Sheet) -> Line:
    """Draw the titles, and the ticks of the axis."""
    at = "PARENT+" if on.to_parent else "START+"
    cells = [("EVENT / DELIVERY", on.name), ("OUTCOME", _OUTCOME), *([("WHERE", _WHERE)] if on.wide else [])]
    titled = [part for title, width in cells for part in (*fill_line((Part(title, "header"),), width), Part(" " * GAP))]
    return (*titled, Part(at.rjust(_AT), "header"), *((Part(" " * GAP), *_ticks(on)) if on.wide else ()))


def _ticks(on: Sheet) -> Line:
    """Draw round times along the axis, and its end at the right."""
    if on.scale is None or on.axis < 2 * _TICK_CELLS:
        return ()
    span, from_start = on.scale.end - on.scale.begin, on.scale.begin - (on.start or on.scale.begin)
    last = f.duration((from_start + span) / 1e6)
    text = f.duration(from_start / 1e6) if from_start else ""
    for at in ticks(from_start, span, on.axis // _TICK_CELLS):
        place, label = Scale(from_start, from_start + span).cell(at, on.axis), _round_time(at)
        if (not text or len(text) < place) and place + len(label) + 1 < on.axis - len(last):
            text = text.ljust(place) + label
    return (Part(text.ljust(on.axis - len(last)) + last, "header"),)


def ticks(begin_ns: int, span_ns: int, most: int) -> list[int]:
    """Return at most `most` + 1 round times within a span, at equal distances of 1, 2 or 5 times a power of ten."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if span_ns <= step * max(1, most):
                return list(range(-(-begin_ns // step) * step, begin_ns + max(1, span_ns), step))
        unit *= 10


def _round_time(ns: int) -> str:
    return f.duration(ns / 1e6).replace(".00s", "s") if ns else "0"


def draw(row: Row, on: Sheet) -> Line:
    """Draw one row."""
    node = row.node
    parts = [*fill_line(_name(row), on.name), Part(" " * GAP), *fill_line(_outcome(node), _OUTCOME), Part(" " * GAP)]
    if on.wide:
        parts += [*fill_line((Part(where(node), "dim"),), _WHERE), Part(" " * GAP)]
    parts.append(Part(_since(node, on).rjust(_AT), "dim"))
    return (*parts, *((Part(" " * GAP), *bar(node, on.scale, on.axis)) if on.wide and on.scale else ()))


def _name(row: Row) -> Line:
    node = row.node
    if node.kind == "more":
        mark = "▸ " if row.folded else "▾ "
        return line(Part(row.guides, "faint"), Part(f"{mark}(+{len(node.children)})", "accent"), Part(f" {node.name}"))
    opens = ("▸ " if row.folded else "▾ ") if node.children else ""
    name = Part(node.name, "bright" if node.kind == "event" else "text")
    short = short_id(node.event.get("message_id")) if node.kind == "event" else ""
    hidden = f" (+{len(node.children)})" if row.folded else ""
    return line(
        Part(row.guides, "faint"),
        Part(opens, "dim"),
        name,
        Part(f" {short}" if short else "", "dim"),
        Part(hidden, "accent"),
    )


def short_id(name: object) -> str:
    """Shorten an id for a row: its head tells events of a flow apart."""
    text = f.word(name, "")
    return text if len(text) <= 8 else text[:6] + "…"


def _outcome(node: Node) -> Line:
    """Say the word, and how long it took."""
    if node.kind == "more":
        return line(Part("✗ with anomalies", "error")) if node.bad else ()
    told = line(Part(f"{node.word.glyph} {node.word.text}", node.word.role))
    took = took_ms(node)
    return (*told, Part(f" {brief(took)}", "dim")) if took is not None and node.kind == "delivery" else told


def took_ms(node: Node) -> float | None:
    """Return how long a node took, in milliseconds."""
    return None if node.begin is None or node.end is None else (node.end - node.begin) / 1e6


def brief(ms: float) -> str:
    """Write a duration; one too short for its digits is not called nothing."""
    return "<0.1ms" if 0 < ms < 0.1 else f.duration(ms)


def where(node: Node) -> str:
    """Name where it happened: producer and record of an event, the member of a delivery."""
    if node.kind == "event":
        place = node.step.get("place") or node.event.get("destination")
        told = records(node.event)
        short = told[0].removeprefix(f"{node.event.get('destination')}:") if told else f.word(place)
        return f"{f.word(node.event.get('producer'))} → {short}"
    if node.kind == "delivery":
        return f.word(node.step.get("member"), f.word(node.step.get("service"), ""))
    return f"group {node.name}" if node.kind == "group" else ""


def _since(node: Node, on: Sheet) -> str:
    """Write when it began, from the flow's start or from its parent's beginning."""
    parent = node.parent
    while parent is not None and parent.kind == "more":
        parent = parent.parent
    start = (parent.begin if parent else node.begin) if on.to_parent else on.start
    if node.begin is None or start is None:
        return "" if node.kind == "more" else f.NOT_APPLICABLE
    return f.duration((node.begin - start) / 1e6)
