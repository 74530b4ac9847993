"""Remembers which spans are stored, in bounded memory, so that hardly any commit must look into the file.

A Bloom filter over the ids of the last millions of spans says "certainly new" or "perhaps known". Perhaps known, and
older than what is remembered, is looked up in the file (see `known`). One false alarm in about 100,000 spans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

PER_GENERATION = 4_000_000
_WORDS = 1 << 20  # per table: 8 MB; four keys a word at most
_BITS = 4  # set per key and table
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
_SIX = np.uint64(63)


def keys_of(trace_ids: NDArray[np.uint8], span_ids: NDArray[np.uint8]) -> Keys:
    """Return one 64-bit key per span from ids of 16 and 8 bytes, given flat."""
    trace = trace_ids.view(np.uint64).reshape(-1, 2)
    mixed = (trace[:, 0] * _MIX[0]) ^ (trace[:, 1] * _MIX[1]) ^ (span_ids.view(np.uint64) * _MIX[2])
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX[0]
    mixed ^= mixed >> np.uint64(32)
    return mixed


class Recent:
    """The ids of the spans stored last: at least the last four million, at most eight, in 32 MB."""

    def __init__(self, covered_from_ns: int) -> None:
        """Every stored span that starts at `covered_from_ns` or later will be in here; earlier ones may not."""
        self.covered_from_ns = covered_from_ns
        self._current = _Generation()
        self._previous = _Generation()

    def may_hold(self, keys: Keys) -> NDArray[np.bool_]:
        """Return for each key False where it is certainly not in here."""
        places = _places(keys)
        return self._current.may_hold(places) | self._previous.may_hold(places)

    def add(self, keys: Keys, newest_start_ns: int) -> None:
        """Remember stored spans; `newest_start_ns` is the latest of their starts that may be believed."""
        if self._current.count >= PER_GENERATION:
            self.covered_from_ns = max(self.covered_from_ns, self._previous.newest_start_ns + 1)
            self._previous, self._current = self._current, _Generation()
        self._current.add(_places(keys), newest_start_ns)


Places = list[tuple["NDArray[np.intp]", "Keys"]]


def _places(keys: Keys) -> Places:
    """Return for each of the two tables: the word of each key, and the bits it sets there."""
    places = []
    for number in range(2):
        mixed = keys * _MIX[number + 1]
        words = (mixed >> np.uint64(44)).astype(np.intp)
        bits = np.zeros(len(keys), np.uint64)
        for _ in range(_BITS):
            bits |= np.uint64(1) << (mixed & _SIX)
            mixed >>= np.uint64(6)
        places.append((words, bits))
    return places


class _Generation:
    def __init__(self) -> None:
        self.count = 0
        self.newest_start_ns = 0
        self._tables = [np.zeros(_WORDS, np.uint64) for _ in range(2)]

    def may_hold(self, places: Places) -> NDArray[np.bool_]:
        first, second = (
            (table[words] & bits) == bits for table, (words, bits) in zip(self._tables, places, strict=True)
        )
        return np.asarray(first & second)

    def add(self, places: Places, newest_start_ns: int) -> None:
        for table, (words, bits) in zip(self._tables, places, strict=True):
            np.bitwise_or.at(table, words, bits)
        self.count += len(places[0][0])
        self.newest_start_ns = max(self.newest_start_ns, newest_start_ns)
