"""Ranges of delivered offsets, and how their holes are written down."""

from collections.abc import Iterable, Iterator
from typing import Final

LONGEST: Final = 1000
"""Characters of `flowtrail.offset.runs` on one span."""


class OffsetRange:
    """Offsets of one partition in the order they were handed out, one poll's worth."""

    __slots__ = ("count", "destination", "end", "first", "last", "offsets", "partition", "since", "start")

    def __init__(self, destination: str, partition: int, start: int, end: int, since: int) -> None:
        self.destination = destination
        self.partition = partition
        self.start = start
        self.end = end
        self.since = since
        self.first = -1
        self.last = -1
        self.count = 0
        self.offsets: list[int] | None = None

    def add(self, offset: int) -> None:
        """Note one more offset."""
        if self.count == 0:
            self.first = offset
        elif self.offsets is not None:
            self.offsets.append(offset)
        elif offset != self.last + 1:
            self.offsets = [*range(self.first, self.last + 1), offset]
        self.last = offset
        self.count += 1


def write_runs(offsets: Iterable[int]) -> Iterator[tuple[int, int, int, str]]:
    """Yield (first, last, count, runs) for ascending offsets, `runs` as `1041-1044,1046`.

    A new group begins where the text would exceed LONGEST characters.
    """
    parts: list[str] = []
    first = last = count = length = -1
    for start, end in _runs(offsets):
        text = str(start) if start == end else f"{start}-{end}"
        if parts and length + 1 + len(text) > LONGEST:
            yield first, last, count, ",".join(parts)
            parts = []
        if not parts:
            first, count, length = start, 0, -1
        parts.append(text)
        length += 1 + len(text)
        last = end
        count += end - start + 1
    if parts:
        yield first, last, count, ",".join(parts)


def _runs(offsets: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = end = None
    for offset in offsets:
        if start is None or end is None:
            start = end = offset
        elif offset == end + 1:
            end = offset
        else:
            yield start, end
            start = end = offset
    if start is not None and end is not None:
        yield start, end
