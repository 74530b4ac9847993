"""Attributes of many owners (spans, links, events), flat in columns.

Row i of the owners has the entries between two offsets. Everything here works on whole arrays; single values are only
touched where a value has an unusual type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.normalise import values
from flowtrail_collector.normalise.vocabulary import CODES, NAMES, Kind, Rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]

_VOCABULARY = pa.array([name.encode() for name in NAMES], pa.binary())
_UNKNOWN = pa.scalar(-1, pa.int32())
MAX_ENTRIES = 512  # per owner, beyond what has a column
_INT32 = 2**31 - 1


class Type(IntEnum):
    """The case of an AnyValue; the order of the fields in `receive.messages`."""

    NONE = 0
    STRING = 1
    BOOL = 2
    INT = 3
    DOUBLE = 4
    ARRAY = 5
    KVLIST = 6
    BYTES = 7


@dataclass(frozen=True, slots=True)
class Column:
    """A canonical column, one row per owner."""

    values: pa.Array
    """Null where nobody said it, or said it unreadably."""
    entries: Rows
    """The entry each row was read from, -1 where none."""
    exact: NDArray[np.bool_]
    """Where the entry has the name the column stands for, and its text is the value's."""


class Attributes:
    """The attributes of `count` owners."""

    def __init__(self, lists: pa.ListArray) -> None:
        """Take a list array of key-value structs, one list per owner, as `receive.decode` makes them."""
        self.count = len(lists)
        self.offsets: NDArray[np.int32] = lists.offsets.to_numpy()
        entries = lists.values
        self._keys = entries.field("key")
        self._value = entries.field("value")
        self.owners: Rows = np.repeat(np.arange(self.count), np.diff(self.offsets))

    @cached_property
    def _codes(self) -> NDArray[np.int16]:
        """Return each entry's place in NAMES, -1 for an unknown name."""
        found = pc.index_in(self._keys, value_set=_VOCABULARY)
        return found.fill_null(_UNKNOWN).to_numpy().astype(np.int16)

    @cached_property
    def _by_code(self) -> tuple[Rows, NDArray[np.int64]]:
        """Return the entries sorted by code, and where each code begins among them."""
        order = np.argsort(self._codes, kind="stable")  # radix sort: linear
        return order, np.searchsorted(self._codes[order], np.arange(-1, len(NAMES) + 1))

    def entries(self, name: str) -> Rows:
        """Return the entries of a name of the vocabulary, in the order in which they were sent."""
        order, begins = self._by_code
        code = CODES[name] + 1
        return order[begins[code] : begins[code + 1]]

    def unknown(self) -> Rows:
        """Return the entries whose names are not in the vocabulary."""
        order, begins = self._by_code
        return order[begins[0] : begins[1]]

    def first(self, names: tuple[str, ...]) -> Rows | None:
        """Return for each owner its entry for the first of `names` that it has, or -1; None if nobody has any."""
        chosen: Rows | None = None
        for name in reversed(names):
            entries = self.entries(name)
            if len(entries):
                if chosen is None:
                    chosen = np.full(self.count, -1)
                chosen[self.owners[entries]] = entries
        return chosen

    @cached_property
    def types(self) -> NDArray[np.int8]:
        """Return the type of each entry's value."""
        types = np.zeros(len(self._value), np.int8)
        for case in Type:
            child = self._child(case)
            if child is not None and child.null_count < len(child):
                types[pc.is_valid(child).to_numpy(zero_copy_only=False)] = case
        return types

    @cached_property
    def strings(self) -> pa.StringArray:
        """Return the values that are strings, null elsewhere; what is not UTF-8 in them is replaced."""
        strings, self.replaced = values.as_text(self._value.field(0))
        return strings

    replaced: Rows = np.empty(0, np.intp)
    """The entries whose strings had bytes replaced; known once `strings` was asked for."""

    def keys(self, entries: Rows) -> pa.StringArray:
        """Return the names of some entries."""
        return values.as_text(self._keys.take(pa.array(entries)))[0]

    def column(self, rule: Rule) -> Column | None:
        """Return a rule's column; None if nobody said anything of it."""
        chosen = self.first(rule.names)
        if chosen is None:
            return None
        kinds = np.where(chosen < 0, np.int8(Type.NONE), self.types[chosen])
        if rule.kind is Kind.TEXT:
            values, exact = self.texts(chosen), kinds == Type.STRING
        elif rule.kind is Kind.BOOLEAN:
            exact = kinds == Type.BOOL
            values = self._value.field(Type.BOOL - 1).take(pa.array(chosen, mask=~exact))
        elif rule.kind is Kind.NUMBER:
            values, exact = self._numbers(chosen, kinds), np.zeros(self.count, bool)
        else:
            values, exact = self._whole(chosen, kinds, rule.kind)
        exact &= self._codes[chosen] == CODES[rule.names[0]]
        return Column(values, chosen, exact)

    def texts(self, entries: Rows) -> pa.StringArray:
        """Return the values of entries as text, null for entry -1: strings as they are, the rest as JSON."""
        missing = entries < 0
        taken = self.strings.take(pa.array(entries, mask=missing))
        others = np.flatnonzero((self.types[entries] != Type.STRING) & ~missing)
        if not len(others):
            return taken
        kinds = self.types[entries[others]]
        parts = np.empty(len(others), object)
        for kind in np.unique(kinds):
            here = kinds == kind
            parts[here] = self._as_json(Type(kind), entries[others[here]])
        mask = np.zeros(len(entries), bool)
        mask[others] = True
        return pc.replace_with_mask(taken, pa.array(mask), pa.array(parts.tolist(), pa.string()))

    def value(self, entry: int) -> Any:
        """Return one value as Python sees it; arrays as lists, key-value lists as dicts."""
        kind = Type(self.types[entry])
        if kind is Type.NONE:
            return None
        if kind is Type.STRING:
            return self.strings[entry].as_py()
        scalar = self._value.field(kind - 1)[entry].as_py()
        return values.nested(kind.name.lower(), scalar) if kind in (Type.ARRAY, Type.KVLIST) else scalar

    def _child(self, case: Type) -> pa.Array | None:
        return None if case is Type.NONE else self._value.field(case - 1)

    def _as_json(self, kind: Type, entries: Rows) -> list[str | None]:
        child = self._child(kind)
        if child is None:
            return [None] * len(entries)
        taken = child.take(pa.array(entries))
        if kind in (Type.BOOL, Type.INT):
            return pc.cast(taken, pa.string()).to_pylist()
        return [values.json_text(kind.name.lower(), value) for value in taken.to_pylist()]

    def _whole(self, entries: Rows, kinds: NDArray[np.int8], kind: Kind) -> tuple[pa.Array, NDArray[np.bool_]]:
        numbers, known, exact = self._integers(entries, kinds)
        if kind in (Kind.PLACE, Kind.SMALL_PLACE):
            known &= numbers >= 0
        if kind in (Kind.SMALL, Kind.SMALL_PLACE):
            known &= np.abs(numbers) <= _INT32
            numbers = np.where(known, numbers, 0).astype(np.int32)
        return pa.array(numbers, mask=~known), exact & known

    def _integers(
        self,
        entries: Rows,
        kinds: NDArray[np.int8],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return values as integers, which of them are (integers, text of digits), and which are written like that."""
        known = kinds == Type.INT
        numbers = np.where(known, self._ints[entries], 0)
        exact = known.copy()
        textual = np.flatnonzero(kinds == Type.STRING)
        if len(textual):
            encoded = self.strings.take(pa.array(entries[textual])).dictionary_encode()
            texts = encoded.dictionary.to_pylist()
            read = [values.integer(text) for text in texts]
            codes = encoded.indices.to_numpy()
            numbers[textual] = np.array([number or 0 for number in read], np.int64)[codes]
            known[textual] = np.array([number is not None for number in read], bool)[codes]
            written = [str(number) == text for number, text in zip(read, texts, strict=True)]
            exact[textual] = np.array(written, bool)[codes]
        return numbers, known, exact

    def _numbers(self, entries: Rows, kinds: NDArray[np.int8]) -> pa.Array:
        whole, known, _ = self._integers(entries, kinds)
        numbers = whole.astype(np.float64)
        fractions = kinds == Type.DOUBLE
        numbers[fractions] = self._value.field(Type.DOUBLE - 1).fill_null(0).to_numpy()[entries[fractions]]
        known |= fractions & np.isfinite(numbers)
        return pa.array(numbers, mask=~known)

    @cached_property
    def _ints(self) -> NDArray[np.int64]:
        """Return the values that are integers, anything elsewhere."""
        child = self._value.field(Type.INT - 1)
        return np.frombuffer(child.buffers()[1], np.int64, len(child), child.offset * 8)

    def rest(self, said: NDArray[np.bool_]) -> tuple[pa.Array | None, NDArray[np.int64]]:
        """Return what no column holds word for word, as a map column (None where nothing is left).

        `said` is true for entries that a column holds. The second result counts per owner what was beyond MAX_ENTRIES.
        """
        left = np.flatnonzero(~said)
        counts = np.bincount(self.owners[left], minlength=self.count)
        excess = np.maximum(counts - MAX_ENTRIES, 0)
        if excess.any():
            begins = np.cumsum(counts) - counts
            within = np.arange(len(left)) - begins[self.owners[left]]
            left = left[within < MAX_ENTRIES]
            counts = np.minimum(counts, MAX_ENTRIES)
        if not len(left):
            return None, excess
        offsets = np.zeros(self.count + 1, np.int32)
        np.cumsum(counts, out=offsets[1:])
        # A map that is empty is null: nothing was said, and null costs less.
        starts = pa.array(offsets, mask=np.append(counts == 0, False))
        return pa.MapArray.from_arrays(starts, self.keys(left), self.texts(left)), excess
