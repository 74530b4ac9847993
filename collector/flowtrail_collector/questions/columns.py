"""Columns of many rows in NumPy: what a window of SQL would sort by is counted, or stands in order already.

A collector stores spans about as they came to be. So the rows of one instance and partition nearly always stand in the
order of their offsets, and to see that costs a hundredth of sorting them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    Column = NDArray[Any]
    Columns = Mapping[str, Column]
    Group = tuple[int, int, int]

NEVER = np.iinfo(np.int64).max
AT_ONCE = 3_000_000
"""Rows that are held in memory at a time; what is compared with one another is never divided."""
_SPARSEST = 8
"""Offsets for each row up to which a table by offset is made instead of sorting."""


def portions(counted: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last number of some groups (number from 1 on, rows) that are read at once."""
    first, held, last = 1, 0, 0
    for number, rows in counted:
        if held and held + rows > AT_ONCE:
            yield first, last
            first, held = number, 0
        held, last = held + rows, number
    if held:
        yield first, last


def grouped(numbers: Column) -> tuple[Column, list[Group]]:
    """Return the rows ordered by their group's number, as they came within each, and (number, first, end) of each."""
    if not len(numbers):
        return np.empty(0, np.int64), []
    # (NumPy counts small numbers instead of comparing them.)
    narrow = np.iinfo(np.int16)
    small = numbers.astype(np.int16) if narrow.min <= numbers.min() and numbers.max() <= narrow.max else numbers
    order = np.argsort(small, kind="stable")
    sorted_numbers = numbers[order]
    ends = [0, *(np.flatnonzero(np.diff(sorted_numbers)) + 1).tolist(), len(numbers)]
    return order, [(int(sorted_numbers[first]), first, end) for first, end in pairwise(ends)]


def ascending(values: Column, order: Column, groups: Iterable[Group]) -> Column:
    """Return the order with the rows of each group sorted by their values; rows of equal value as they came."""
    along = values[order]
    for _, first, end in having(np.diff(along) < 0, groups):
        order[first:end] = order[first:end][np.argsort(along[first:end], kind="stable")]
    return order


def having(between: Column, groups: Iterable[Group]) -> list[Group]:
    """Return the groups in which something holds between a row and the next."""
    rows = np.flatnonzero(between)
    return [group for group in groups if np.searchsorted(rows, group[1]) < np.searchsorted(rows, group[2] - 1)]


def placed(offsets: Column) -> tuple[Column, Column]:
    """Return for each row a place, and the offset of each place: equal offsets share one, higher ones stand behind."""
    low, high = int(offsets.min()), int(offsets.max())
    if high - low < _SPARSEST * len(offsets) + 1_024:
        return offsets - low, low + np.arange(high - low + 1)
    found, place = np.unique(offsets, return_inverse=True)
    return place.reshape(-1), found
