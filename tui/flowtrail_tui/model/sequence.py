"""A flow as a sequence: a lane per service, destination and group, one line per step, long gaps folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.canvas import Canvas
from flowtrail_tui.model.waterfall import brief, short_id, took_ms

if TYPE_CHECKING:
    from flowtrail_tui.model.flow_tree import Flow, Node
    from flowtrail_tui.model.parts import Line

FOLD_FROM_NS = 250_000_000
"""Gaps from here on are one line, however long they are."""
_LEAST_LANE, _MOST_LANE = 18, 26
_INDENT, _AT = 3, 9
_CROSSED = {"│": "┼"}


@dataclass(frozen=True, slots=True)
class Step:
    """A publication or a delivery: an arrow from one lane to another. `node` is what it is in the tree."""

    node: Node
    origin: int
    target: int
    at: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing happened."""

    ns: int


Entry = Step | Gap


@dataclass(frozen=True, slots=True)
class Sequence:
    """The lanes from left to right and what happened, from the top down."""

    lanes: tuple[str, ...]
    entries: tuple[Entry, ...]
    begin: int | None


def read(flow: Flow) -> Sequence:
    """Lay a flow out: lanes in the order in which the tree comes to them, steps in the order of time."""
    lanes: dict[tuple[str, str], int] = {}
    names: list[str] = []

    def lane(kind: str, key: str, name: str) -> int:
        if (kind, key) not in lanes:
            lanes[kind, key] = len(names)
            names.append(name)
        return lanes[kind, key]

    steps: list[Step] = []
    for node in flow.nodes:
        destination = f.word(node.event.get("destination"))
        if node.kind == "event":
            producer = f.word(node.event.get("producer"))
            origin = lane("service", producer, producer)
            steps.append(Step(node, origin, lane("destination", destination, f"[{destination}]"), node.begin))
        elif node.kind == "delivery":
            service = f.word(node.step.get("service"), node.name)
            name = service if service == node.name else f"{service} ({node.name})"
            from_where = f.word(node.step.get("destination"), destination)
            origin = lane("destination", from_where, f"[{from_where}]")
            steps.append(Step(node, origin, lane("service", service, name), node.begin))
    steps.sort(key=lambda step: (step.at is None, step.at or 0, step.node.number))
    return Sequence(tuple(names), tuple(_folded(steps)), flow.begin)


def _folded(steps: list[Step]) -> list[Entry]:
    """Put long gaps between the steps."""
    entries: list[Entry] = []
    last: int | None = None
    for step in steps:
        if last is not None and step.at is not None and step.at - last >= FOLD_FROM_NS:
            entries.append(Gap(step.at - last))
        entries.append(step)
        last = step.at if step.at is not None else last
    return entries


@dataclass(frozen=True, slots=True)
class Grid:
    """How lanes share a width: the first that is shown, how many are, how wide each is."""

    width: int
    first: int
    shown: int
    lane: int

    def place(self, lane: int) -> int:
        """Return the cell of a lane's line; before or beyond the grid for one that is not shown."""
        return _INDENT + (lane - self.first) * self.lane

    @property
    def body(self) -> int:
        """Cells left of the times."""
        return self.width - _AT - 1


def width_for(sequence: Sequence) -> int:
    """Return how many cells show every lane."""
    return _INDENT + len(sequence.lanes) * _LEAST_LANE + _AT + 1


def grid(sequence: Sequence, width: int, first: int = 0) -> Grid:
    """Share a width among as many lanes as fit, beginning with `first`."""
    room = width - _AT - 1 - _INDENT
    lanes = max(1, len(sequence.lanes))
    fit = max(1, min(lanes, room // _LEAST_LANE))
    return Grid(width, max(0, min(first, lanes - fit)), fit, min(_MOST_LANE, room // fit))


def reaching(sequence: Sequence, entry: Entry, on: Grid) -> int:
    """Return the first lane to show so that a step is in view, at least where it ends, moved no further than needed."""
    if isinstance(entry, Gap):
        return on.first
    near = entry.origin if abs(entry.origin - entry.target) < on.shown else entry.target
    low, high = sorted((near, entry.target))
    first = min(max(on.first, high - on.shown + 1), low)
    return max(0, min(first, len(sequence.lanes) - on.shown))


def header(sequence: Sequence, on: Grid) -> Line:
    """Name the lanes; where there are more than fit, say in which direction."""
    canvas = Canvas(on.width)
    for lane in range(on.first, on.first + on.shown):
        canvas.put(on.place(lane) - 2, sequence.lanes[lane], "header", on.lane - 1)
    before, after = on.first, len(sequence.lanes) - on.first - on.shown
    more = " ".join(([f"← {before}"] if before else []) + ([f"{after} →"] if after else []))
    canvas.put(on.width - len(more), more, "accent")
    return canvas.line()


def draw(sequence: Sequence, entry: Entry, on: Grid) -> Line:
    """Draw one line."""
    canvas = Canvas(on.width)
    for lane in range(on.first, on.first + on.shown):
        canvas.put(on.place(lane), "┊" if isinstance(entry, Gap) else "│", "faint")
    if isinstance(entry, Gap):
        canvas.put(on.place(on.first) + 2, f.duration(entry.ns / 1e6), "dim", on.lane - 3)
        return canvas.line()
    _arrow(canvas, entry, on)
    at = "" if entry.at is None or sequence.begin is None else f"+{f.duration((entry.at - sequence.begin) / 1e6)}"
    canvas.put(on.width - len(at), at, "dim")
    return canvas.line()


def _arrow(canvas: Canvas, step: Step, on: Grid) -> None:
    """Draw from lane to lane, with a label on the way of a publication and behind the tip of a delivery."""
    origin, target = on.place(step.origin), on.place(step.target)
    right, role = target >= origin, _role(step.node)
    edge = min(on.body, on.place(on.first + on.shown)) - 1
    if min(origin, target) > edge or max(origin, target) < 0:
        canvas.put(0 if max(origin, target) < 0 else edge, "‹" if max(origin, target) < 0 else "›", role)
        return
    low, high = max(0, min(origin, target)), min(edge, max(origin, target))
    canvas.rule(low, high, "─", "edge", _CROSSED)
    if high == edge < target:
        canvas.put(edge, "›", "edge")
    if 0 <= origin <= edge:
        canvas.put(origin, "├" if right else "┤", "edge")
    label, behind = _texts(step.node)
    if 0 <= target <= edge:
        tip = target - 1 if right else target + 1
        canvas.put(tip, "►" if right else "◄", "edge")
        glyph = "●" if step.node.kind == "event" else _handling(step.node)
        canvas.put(target, glyph, role)
        beside = target + 2 if right or target + 2 < low else target + 3
        _beside(canvas, beside, behind, role, on, right=right, origin=origin)
    if label and high - low > len(label) + 4:
        start = low + 3 if right else high - len(label) - 4
        canvas.put(start, f" {label} ", role)


def _beside(canvas: Canvas, place: int, text: str, role: str, on: Grid, *, right: bool, origin: int) -> None:
    """Write behind the tip where nothing is crossed: an arrow to the left comes from there."""
    if right or place > origin:
        canvas.put(place, text, role, max(0, min(on.lane - 3, on.body - place)))
    else:
        canvas.put(place + 1, f" {text} ", role, max(0, min(origin - place - 2, on.lane - 4)))


def _role(node: Node) -> str:
    return node.word.role if node.kind == "delivery" or node.bad else "accent"


def _handling(node: Node) -> str:
    return "█" if node.word.text == "ok" else node.word.glyph


def _texts(node: Node) -> tuple[str, str]:
    """Return what stands on the arrow and what stands behind its tip."""
    if node.kind == "event":
        offset = node.step.get("offset")
        place = "" if offset is None else f"p{node.step.get('partition')}:{offset}"
        return short_id(node.event.get("message_id")), f"{place} {node.name}".strip()
    took = took_ms(node)
    told = f"{node.word.text} {brief(took)}" if took is not None else node.word.text
    return "", f"{told} {f.word(node.step.get('error'), '')}".strip()


# As text for other programs.

_ENTITIES = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;", ":": "#58;", "\\": "#92;", "%": "#37;"}
"""Characters that mean something to Mermaid."""


def mermaid(sequence: Sequence) -> str:
    """Write the sequence as a Mermaid diagram; names are data and are written so that none of them is a command."""
    lines = ["sequenceDiagram"]
    lines += [f"    participant L{place} as {_escaped(name)}" for place, name in enumerate(sequence.lanes)]
    for entry in sequence.entries:
        if isinstance(entry, Gap):
            lines.append(f"    Note over L0: {f.duration(entry.ns / 1e6)} later")
            continue
        label, behind = _texts(entry.node)
        arrow = "--x" if entry.node.step.get("outcome") in ("failed", "unfinished") else "->>"
        lines.append(f"    L{entry.origin}{arrow}L{entry.target}: {_escaped(f'{label} {behind}'.strip())}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    from flowtrail_tui.safe import safe

    written = "".join(_ENTITIES.get(char, char) for char in safe(text))
    return f"({written})" if written.strip().lower() == "end" else written or "?"
