"""Reordering as RFC 4737 counts it: how far behind an event arrived, and which events would have to move.

Everything here looks at one line: the sequence numbers of first copies, each once, in the order of their arrival. All
of it is O(n log n), and in memory little more than the numbers themselves.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Late(NamedTuple):
    """A reordered event: it arrived behind an event with a larger number (RFC 4737, section 3.3)."""

    place: int
    """Its arrival position, counted from 0."""
    overtaken_by: int
    """The earliest arrival position that holds a larger number."""
    n: int
    """How many of the arrivals immediately before it all hold a larger number (section 5.3: it is n-reordered)."""

    @property
    def extent(self) -> int:
        """How many arrivals lie between the first event that overtook it and itself (section 4.2)."""
        return self.place - self.overtaken_by


def late(numbers: Sequence[int]) -> Iterator[Late]:
    """Yield the reordered events of a line, in the order of their arrival."""
    peaks, heights = array("q"), array("q")  # where a number exceeded all before it
    rising = array("q")  # places of ascending numbers: the last below a number is the nearest before it
    for place, number in enumerate(numbers):
        while rising and numbers[rising[-1]] > number:
            rising.pop()
        if heights and heights[-1] > number:
            yield Late(place, peaks[bisect_right(heights, number)], place - (rising[-1] if rising else -1) - 1)
        else:
            peaks.append(place)
            heights.append(number)
        rising.append(place)


def culprits(numbers: Sequence[int]) -> Iterator[int]:
    """Yield the arrival positions of the smallest set of events that must move to restore the order.

    It is what a longest ascending subsequence leaves over. Of several smallest sets it is the one whose events arrived
    latest: among the longest subsequences there is one whose every member arrived no later than that of any other (of
    two, take at each step the earlier), and what it leaves over arrived no earlier.
    """
    rest = array("q", bytes(8 * len(numbers)))  # how long a subsequence can become that begins here
    heads = array("q")  # by length: the largest number with which one can begin, negated so that they ascend
    for place in range(len(numbers) - 1, -1, -1):
        number = -numbers[place]
        length = bisect_left(heads, number)
        if length == len(heads):
            heads.append(number)
        else:
            heads[length] = number
        rest[place] = length + 1
    missing, last = len(heads), None
    for place, number in enumerate(numbers):
        if rest[place] == missing and (last is None or number > last):
            missing, last = missing - 1, number
        else:
            yield place
