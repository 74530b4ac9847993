"""The map as lines: layers from left to right where they fit, else a tree with its figures in columns beside it.

Both are lines of pieces, and a piece knows which step it draws: so a cursor moves along edges, whatever the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flowtrail_tui.model import figures as f
from flowtrail_tui.model import map_words as words
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line_width
from flowtrail_tui.model.words import severity
from flowtrail_tui.safe import safe, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.model.map import Step

_FIGURES = (
    Column("FROM ▸ TO", 24, 60, flex=True),
    Column("RATE", 7, 10, right=True),
    Column("P95 WAIT", 8, 9, from_width=64, right=True),
    Column("LAG", 5, 12, right=True),
    Column("STATUS", 11, 11),
)
_ROOMY = 100


def columns(cells: int) -> tuple[Column, ...]:
    """Return the columns of the tree: the first takes what the others leave; findings are short in a narrow one."""
    return (*_FIGURES, Column("FINDINGS", 8, 44 if cells >= _ROOMY else 9, from_width=74))


_FORK = 3
_FULL, _FAIR, _TERSE = 2, 1, 0
"""How much a drawing in layers tells: waits and partitions too; paces, words and findings; no more than glyphs."""
_HEADS = {_FULL: "─▸ ", _FAIR: "─▸ ", _TERSE: "▸ "}


class Piece(NamedTuple):
    """A part of a line, and the step that it draws; None for what only joins others."""

    parts: Line
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines of pieces, and on which of them each step stands."""

    lines: tuple[tuple[Piece, ...], ...]
    at: dict[int, int]

    def on(self, number: int) -> list[int]:
        """Return the steps of a line, from left to right."""
        return [piece.step for piece in self.lines[number] if piece.step is not None]


def least_width(steps: Sequence[Step]) -> int:
    """Return how many cells the tersest drawing in layers needs."""
    return _Layers(steps, _TERSE).width


def layered(steps: Sequence[Step], cells: int) -> Drawing | None:
    """Draw layers from left to right, as fully as there is room for; None where there is too little for any."""
    for level in (_FULL, _FAIR, _TERSE):
        layers = _Layers(steps, level)
        if layers.width <= cells:
            return layers.draw()
    return None


class _Layers:
    """How wide each layer is, and what stands in it."""

    def __init__(self, steps: Sequence[Step], level: int) -> None:
        self._steps = steps
        self._head = _HEADS[level]
        self._labels = [_label(step, level) for step in steps]
        self._paces = [_pace(step, level) for step in steps]
        depths = max((step.depth for step in steps), default=-1) + 1
        self._columns = [0] * depths
        self._arrows = [0] * depths
        for step, label, pace in zip(steps, self._labels, self._paces, strict=True):
            if step.children:
                self._columns[step.depth] = max(self._columns[step.depth], line_width(label))
            if step.parent is not None:
                self._arrows[step.depth] = max(self._arrows[step.depth], width(pace))
        self._starts = [0] * depths
        for depth in range(1, depths):
            joined = 1 + _FORK + self._arrows[depth] + len(self._head) if self._columns[depth - 1] else 0
            self._starts[depth] = self._starts[depth - 1] + self._columns[depth - 1] + joined
        reaches = (self._starts[step.depth] + line_width(self._labels[place]) for place, step in enumerate(steps))
        self.width = max(reaches, default=0)

    def draw(self) -> Drawing:
        """Put each step behind its parent, the first child on its line, the others on lines below."""
        lines: list[list[Piece]] = []
        at: dict[int, int] = {}
        for place, step in enumerate(self._steps):
            parent = None if step.parent is None else self._steps[step.parent]
            if parent is None:
                lines.append([Piece((Part(" " * self._starts[step.depth]),))])
            elif parent.children[0] != place:
                lines.append([Piece((Part(self._trunk(step), "edge"),))])
            at[place] = len(lines) - 1
            if parent is not None:
                lines[-1].append(Piece(self._arrow(place, parent), place))
            lines[-1].append(Piece(self._labels[place], place))
        return Drawing(tuple(map(tuple, lines)), at)

    def _joint(self, depth: int) -> int:
        """Return where the fork behind a layer stands."""
        return self._starts[depth] + self._columns[depth] + 1

    def _trunk(self, step: Step) -> str:
        """Return what stands before a line that begins with a further child: the trunks that go on below it."""
        cells = [" "] * self._joint(step.depth - 1)
        below = step.parent
        while below is not None:
            above = self._steps[below].parent
            if above is not None and self._steps[above].children[-1] != below:
                cells[self._joint(self._steps[above].depth) + 1] = "│"
            below = above
        return "".join(cells)

    def _arrow(self, place: int, parent: Step) -> Line:
        """Return fork, pace and head; behind the first child's parent the line begins where its name ends."""
        first, last = parent.children[0] == place, parent.children[-1] == place
        fork = ("───" if last else "─┬─") if first else (" └─" if last else " ├─")
        depth = self._steps[place].depth
        pace = self._paces[place]
        gap = ""
        if first:
            used = line_width(self._labels[self._steps[place].parent or 0])
            gap = " " + "─" * (self._columns[depth - 1] - used)
        dashes = "─" * (self._arrows[depth] - width(pace))
        return (Part(f"{gap}{fork}{dashes}", "edge"), Part(pace, "label"), Part(self._head, "edge"))


def _pace(step: Step, level: int) -> str:
    if step.parent is None:
        return ""
    pace = words.pace(step.rate, step.edge)
    waited = words.wait(step).text if level == _FULL and step.reads else ""
    return f"{pace} {waited}" if waited and waited != f.UNKNOWN else pace


def _label(step: Step, level: int) -> Line:
    """Return a node's name, and behind it what is not as it should be."""
    parts = list(words.name(step))
    partitions = f.whole(step.node.get("partitions"))
    if level == _FULL and partitions:
        parts.append(Part(f" {partitions}p", "dim"))
    parts += [*_state(step, level), *_badge(step, level)]
    return tuple(Part(safe(part.text), part.role) for part in parts)


def _state(step: Step, level: int) -> list[Part]:
    """Say how the group keeps up; where there is little room, only of a group that does not."""
    if step.reads is None:
        return []
    told = words.status(step)
    if told.role == "ok":
        return [] if level == _TERSE else [Part(" ✓", "ok")]
    lag = [Part(" lag ", "dim"), words.lag(step)] if f.whole(step.reads.get("lag")) else []
    return [Part(f" {told.text}", told.role), *([] if level == _TERSE and step.children else lag)]


def _badge(step: Step, level: int) -> list[Part]:
    """Say what was found that is worth a look: the gravest kind; where there is little room, how much is as grave."""
    grave = [one for one in step.found or () if one.severity != "info"]
    if not grave:
        return []
    if level == _TERSE:
        word = severity(grave[0].severity)
        amount = sum(one.count for one in grave if one.severity == grave[0].severity)
        return [Part(f" {word.glyph}{amount:,}", word.role)]
    more = [Part(f" +{len(grave) - 1}", "dim")] if len(grave) > 1 else []
    return [Part(" "), *words.findings(step, most=1)[:1], *more]


def tree(steps: Sequence[Step]) -> list[tuple[Line, ...]]:
    """Return the cells of a tree, one row per step, for `columns`."""
    return [(_branch(steps, place), *_figures(step)) for place, step in enumerate(steps)]


def _branch(steps: Sequence[Step], place: int) -> Line:
    step = steps[place]
    if step.parent is None:
        return words.name(step)
    last = steps[step.parent].children[-1] == place
    trunk = "└▸ " if last else "├▸ "
    below, above = step.parent, steps[step.parent].parent
    while above is not None:
        trunk = ("   " if steps[above].children[-1] == below else "│  ") + trunk
        below, above = above, steps[above].parent
    return (Part(trunk, "edge"), *words.name(step))


def _figures(step: Step) -> tuple[Line, ...]:
    if step.edge is None:
        return ((), (), (), (), words.findings(step))
    rate = Part(words.pace(step.rate, step.edge), "unknown" if step.rate is None else "text")
    return ((rate,), (words.wait(step),), (words.lag(step),), (words.status(step),), words.findings(step))


def selected(parts: Line) -> Line:
    """Return the parts of the step under the cursor: its edge drawn heavy, its name marked."""
    return tuple(Part(part.text.replace("─", "━"), "accent" if part.role in _ALONG else "key-pill") for part in parts)


_ALONG = ("edge", "label")
"""The roles of what stands on an edge."""
