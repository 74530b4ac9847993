"""Ranges of offsets: the records that a question looks at, and what of a long receive lies in them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_collector.questions.scope import Row

Place = tuple[str, int, int]
"""Destination, partition, offset."""
Range = tuple[str, int, int, int]
"""Destination, partition, first and last offset."""

MOST_UNCLIPPED = 8
"""Records of a receive that are told one by one even where most of them do not matter."""


def merged(found: Iterable[Range]) -> list[Range]:
    """Return the ranges with those that touch made one, in their order."""
    one: list[Range] = []
    for destination, partition, low, high in sorted(found):
        if one and one[-1][:2] == (destination, partition) and low <= one[-1][3] + 1:
            one[-1] = (destination, partition, one[-1][2], max(high, one[-1][3]))
        else:
            one.append((destination, partition, low, high))
    return one


def ranges(places: Iterable[Place], neighbours: int) -> list[Range]:
    """Return ranges of offsets that cover the places and their neighbours."""
    return merged(
        (destination, partition, max(offset - neighbours, 0), offset + neighbours)
        for destination, partition, offset in places
    )


class Ruler:
    """Ranges that do not overlap, by where they begin."""

    def __init__(self, found: Sequence[Range]) -> None:
        """Sort the ranges `found`; they are known by their places in it."""
        self._ranges = found
        self._begins: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for number, (destination, partition, low, _) in enumerate(found):
            self._begins[destination, partition].append((low, number))
        for begins in self._begins.values():
            begins.sort()

    def over(self, destination: str, partition: int, first: int, last: int) -> list[int]:
        """Return the ranges that reach into a stretch of a partition, by their places."""
        begins = self._begins.get((destination, partition), [])
        until = bisect_right(begins, last, key=_begin)
        since = max(bisect_right(begins, first, key=_begin) - 1, 0)
        return [number for _, number in begins[since:until] if self._ranges[number][3] >= first]

    def at(self, place: Place) -> int:
        """Return the range that holds a record, by its place. Raises ValueError where none does."""
        (number,) = self.over(*place, place[2])
        return number


def _begin(one: tuple[int, int]) -> int:
    return one[0]


def clipped(row: Row, stretches: list[Range], ruler: Ruler) -> str | None:
    """Return a long receive's range as the runs that the question looks at, and its two ends; None where all stands.

    Of the five hundred records of a poll only those near the events matter, and how far the group came.
    """
    first, last = row["offset"], row["offset_last"]
    if first is None or last is None or last - first < MOST_UNCLIPPED or (
        row["offset_runs"] is None and (row["batch_count"] or 0) < last - first + 1
    ):  # fmt: skip
        return None
    looked_at = [(first, first), (last, last)]
    for number in ruler.over(row["destination"], row["partition"], first, last):
        _, _, low, high = stretches[number]
        looked_at.append((max(low, first), min(high, last)))
    kept = []
    for low, high in [(first, last)] if row["offset_runs"] is None else _runs(row["offset_runs"]):
        kept += [(max(low, a), min(high, b)) for a, b in looked_at if a <= high and b >= low]
    if not kept:
        return None
    return ",".join(f"{low}-{high}" for _, _, low, high in merged(("", 0, low, high) for low, high in kept))


def _runs(text: str | None) -> list[tuple[int, int]]:
    """Return the runs of a range with holes; none where the text has another form."""
    found = []
    for run in (text or "").split(","):
        low, _, high = run.partition("-")
        if not low.isdigit() or not (high.isdigit() or not high):
            return []
        found.append((int(low), int(high or low)))
    return found
