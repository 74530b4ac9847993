"""The part of `order` that looks at single events: those of a log that overtook others, or were overtaken.

They are read in the order of their arrival, line by line, and judged in blocks: where all that follows is larger than
all before, what lies on either side can be judged by itself. So memory is that of the largest block, and three numbers
for each of its events.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.reordering import culprits, late
from flowtrail_collector.window import rfc3339

if TYPE_CHECKING:
    from flowtrail_collector.questions.scope import Row, Scope

Document = dict[str, Any]

MOST_NAMED = 1_000
"""Reordered events, and culprits, that one row names; the earliest. All are counted."""

_ENTANGLED = """
SELECT o.who, o.epoch, o.seq, o."offset", o.sequence, o.arrival_ns, o.least_after, coalesce(i.stepped, FALSE)
FROM (
    SELECT
        *,
        min(sequence) OVER (
            PARTITION BY who, epoch, seq ORDER BY arrived_ord, "offset" ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS least_after
    FROM order_arrivals
    WHERE scope = ? AND log = ? AND coalesce(party, '') = ?
) AS o
LEFT JOIN instances AS i ON i.who = o.who
WHERE o.furthest > o.sequence OR o.least_after < o.sequence
ORDER BY o.who, o.epoch, o.seq, o.arrived_ord, o."offset"
"""


def measure(scope: Scope, of: Row, row: Document, since: int, until: int) -> None:
    """Add to `row` the numbers of one of its logs that need more than counting; `of` names scope, log and party."""
    measured = _Measured(row, since, until)
    block: _Block | None = None
    line: tuple[Any, ...] = ()
    peak = 0
    for who, epoch, seq, offset, sequence, arrival_ns, least_after, stepped in scope.stream(
        _ENTANGLED, [of["scope"], of["log"], of["party"] or ""]
    ):
        least = sequence if least_after is None else min(sequence, least_after)
        if block is None or line != (who, epoch, seq) or peak < least:
            if block is not None:
                measured.take(block)
            block, line, peak = _Block(stepped=bool(stepped)), (who, epoch, seq), sequence
        block.sequence.append(sequence)
        block.offset.append(offset)
        block.arrival_ns.append(arrival_ns)
        peak = max(peak, sequence)
    if block is not None:
        measured.take(block)
    _name(scope, of["log"], [*measured.details, *measured.culprits])
    row["details"] += measured.details
    row["culprits"] += measured.culprits


def _name(scope: Scope, log: int, told: list[Document]) -> None:
    """Add the message ids to what is named by its offset."""
    offsets = ", ".join(str(offset) for offset in sorted({one["offset"] for one in told}))
    if offsets:
        found = scope.rows(f'SELECT "offset", message_id FROM records WHERE log = ? AND "offset" IN ({offsets})', [log])
        names = {row["offset"]: row["message_id"] for row in found}
        for one in told:
            one["message_id"] = names.get(one["offset"])


class _Block:
    """Arrivals of one line that nobody outside overtook, nor was overtaken by."""

    def __init__(self, *, stepped: bool) -> None:
        self.stepped = stepped
        self.sequence = array("q")
        self.offset = array("q")
        self.arrival_ns = array("q")


class _Measured:
    """What one partition's disorder amounts to, over its lines."""

    def __init__(self, row: Document, since: int, until: int) -> None:
        self.row = row
        self.since, self.until = since, until
        self.details: list[Document] = []
        self.culprits: list[Document] = []

    def take(self, block: _Block) -> None:
        """Add a stretch that can be judged by itself."""
        for one in late(block.sequence):
            if self._inside(block.arrival_ns[one.place]):
                self._add(block, one.place, one.overtaken_by, one.extent, one.n)
        for place in culprits(block.sequence):
            if self._inside(block.arrival_ns[place]):
                self.row["moved"] += 1
                if len(self.row["culprits"]) + len(self.culprits) < MOST_NAMED:
                    self.culprits.append({"offset": block.offset[place], "message_id": None})

    def _add(self, block: _Block, place: int, overtaken_by: int, extent: int, n: int) -> None:
        waited = block.arrival_ns[place] - block.arrival_ns[overtaken_by]
        # Where a clock was set back, or acks came in another order than the records stand, the times tell nothing.
        late_ms = None if block.stepped or waited < 0 else waited / 1e6
        row = self.row
        row["max_extent"] = max(row["max_extent"], extent)
        row["max_n"] = max(row["max_n"], n)
        if late_ms is not None:
            row["max_late_ms"] = max(row["max_late_ms"] or 0.0, late_ms)
        if len(row["details"]) + len(self.details) < MOST_NAMED:
            self.details.append(
                {
                    "offset": block.offset[place],
                    "message_id": None,
                    "sequence": block.sequence[place],
                    "extent": extent,
                    "n": n,
                    "late_ms": late_ms,
                    "at": rfc3339(block.arrival_ns[place]),
                    "overtaken_by": block.offset[overtaken_by],
                }
            )

    def _inside(self, arrival_ns: int) -> bool:
        return self.since <= arrival_ns <= self.until
