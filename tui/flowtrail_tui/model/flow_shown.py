"""What of a flow is in view: folded rows, the subtree in focus, the times of the axis; and how one moves in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_tui.model import sequence, waterfall

if TYPE_CHECKING:
    from flowtrail_tui.model.flow_tree import Flow, Node
    from flowtrail_tui.model.strokes import Scale
    from flowtrail_tui.model.waterfall import Row, Sheet


class Shown:
    """The rows of a flow as a person arranged them. Indices are those of `rows`."""

    def __init__(self, flow: Flow) -> None:
        """Start with everything open but what stands behind `(+n)`."""
        self.flow = flow
        self.sequence = sequence.read(flow)
        self.whole = waterfall.scale_of(flow.nodes)
        self.scale: Scale | None = self.whole
        self.focus: Node | None = None
        self.to_parent = False
        self.folded = {node.number for node in flow.nodes if node.kind == "more"}
        self.rows: list[Row] = []
        self._sheets: dict[int, Sheet] = {}
        self._arrange()

    def _arrange(self) -> None:
        self.rows = waterfall.rows(self.flow, self.folded, self.focus)
        self._places = {row.node.number: index for index, row in enumerate(self.rows)}
        self._sheets = {}

    def sheet(self, width: int) -> Sheet:
        """Return how the columns share a width; measured once."""
        if width not in self._sheets:
            self._sheets[width] = waterfall.sheet(
                self.rows, self.scale, width, start=self.flow.begin, to_parent=self.to_parent
            )
        return self._sheets[width]

    def index(self, node: Node) -> int:
        """Return where a node stands, or what it is folded into."""
        at: Node | None = node
        while at is not None and at.number not in self._places:
            at = at.parent
        return self._places[at.number] if at is not None else 0

    def first_bad(self) -> int:
        """Return the first delivery or group with which something is wrong; the first row where there is none."""
        bad = [index for index, row in enumerate(self.rows) if row.node.bad]
        return next((index for index in bad if self.rows[index].node.kind != "event"), bad[0] if bad else 0)

    # Folding.

    def left(self, index: int) -> int:
        """Fold a row, or go to what it stands below."""
        node = self.rows[index].node
        if node.children and node.number not in self.folded:
            self.folded.add(node.number)
            self._arrange()
            return self.index(node)
        return self.index(node.parent) if node.parent is not None and node is not self.focus else index

    def right(self, index: int) -> int:
        """Open a row, or go to the first one below it."""
        node = self.rows[index].node
        if node.number in self.folded:
            self.folded.discard(node.number)
            self._arrange()
            return self.index(node)
        return index + 1 if node.children else index

    # Focus, zoom, times.

    def focus_on(self, index: int | None) -> int:
        """Show nothing but a row's subtree, or everything again; returns where the cursor belongs then."""
        before = self.focus
        self.focus = None if index is None else self.rows[index].node
        self._arrange()
        return self.index(before) if self.focus is None and before is not None else 0

    def zoom(self, index: int) -> bool:
        """Fit the axis to a row's subtree, or to the whole flow where it was; tells whether it is a part now."""
        wanted = waterfall.scale_of(waterfall.subtree(self.rows[index].node))
        self.scale = self.whole if wanted is None or wanted == self.scale else wanted
        self._sheets = {}
        return self.scale != self.whole

    def turn_times(self) -> None:
        """Count times from each row's parent, or from the flow's start."""
        self.to_parent = not self.to_parent
        self._sheets = {}

    # Anomalies.

    def next_bad(self, index: int, direction: int) -> int | None:
        """Open what hides the next row with which something is wrong, and return where it stands."""
        here = self.rows[index].node.number if self.rows else 0
        inside = self.flow.nodes if self.focus is None else waterfall.subtree(self.focus)
        bad = sorted(node.number for node in inside if node.bad and node.kind != "more")
        ahead = [number for number in bad if (number - here) * direction > 0]
        if not ahead:
            return None
        node = self.flow.nodes[ahead[0] if direction > 0 else ahead[-1]]
        above = node.parent
        while above is not None:
            self.folded.discard(above.number)
            above = above.parent
        self._arrange()
        return self.index(node)
