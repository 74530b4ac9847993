"""Suspects in batches: what lies around some thousand of them is as much as is wanted in memory at once.

What hangs together in a partition stays together: records that are near one another may be of one finding.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from flowtrail_collector.questions.overtaking import FURTHEST
from flowtrail_collector.questions.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrail_collector.questions.ranges import Place, Range

AT_ONCE = 20_000
"""Events that are judged at once: some hundred thousand spans stand around them."""
LONGEST = 50_000
"""Records that hang together and are judged at once; more are divided."""
APART = 4 * FURTHEST
"""Offsets between two ranges from which on they are of different findings."""


def batches(ids: Iterable[str], traces: Iterable[bytes], ranges: Iterable[Range]) -> Iterator[Seeds]:
    """Yield the events that are judged at once; every event once."""
    batch = Seeds()
    for piece in _pieces(ranges):
        records = sum(high - low + 1 for *_, low, high in piece)
        if batch.size() and batch.size() + records > AT_ONCE:
            yield batch
            batch = Seeds()
        batch.places |= places(piece)
    for message_id in sorted(ids):
        if batch.size() >= AT_ONCE:
            yield batch
            batch = Seeds()
        batch.ids.add(message_id)
    for trace in sorted(traces):
        if batch.size() >= AT_ONCE:
            yield batch
            batch = Seeds()
        batch.traces.add(trace)
    if batch.size():
        yield batch


def places(ranges: Iterable[Range]) -> set[Place]:
    """Return the records of some ranges."""
    return {
        (destination, partition, offset)
        for destination, partition, low, high in ranges
        for offset in range(low, high + 1)
    }


def _pieces(ranges: Iterable[Range]) -> Iterator[list[Range]]:
    """Yield the ranges of a partition that are near one another, in their order."""
    cut = sorted(part for one in ranges for part in _parts(one))
    piece, records = cut[:1], 0
    for before, one in pairwise(cut):
        records += before[3] - before[2] + 1
        if before[:2] != one[:2] or one[2] - before[3] > APART or records >= LONGEST:
            yield piece
            piece, records = [], 0
        piece.append(one)
    if piece:
        yield piece


def _parts(one: Range) -> Iterator[Range]:
    """Yield a range in parts that may be judged at once."""
    destination, partition, low, high = one
    for first in range(low, high + 1, LONGEST):
        yield destination, partition, first, min(first + LONGEST - 1, high)
