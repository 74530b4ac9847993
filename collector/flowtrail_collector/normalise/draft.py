"""Canonical columns in the making: read from the attributes by rule, corrected row by row where senders are odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.normalise.vocabulary import Kind, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flowtrail_collector.normalise.attributes import Attributes, Rows

    Mask = NDArray[np.bool_]

ARROW: Final = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.SMALL: pa.int32(),
    Kind.PLACE: pa.int64(),
    Kind.SMALL_PLACE: pa.int32(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.NUMBER: pa.float64(),
}


class Draft:
    """The columns of `attributes.count` rows. A column nobody said anything about is absent."""

    def __init__(self, attributes: Attributes, rules: tuple[Rule, ...]) -> None:
        """Read every rule's column."""
        self.attributes = attributes
        self.count = attributes.count
        self.columns: dict[str, pa.Array] = {}
        self._rules = {rule.column: rule for rule in rules}
        self._entries: dict[str, Rows] = {}
        self._corrected: dict[str, Mask] = {}
        for rule in rules:
            found = attributes.column(rule)
            if found is not None:
                self.columns[rule.column], self._entries[rule.column] = found

    def known(self, column: str) -> Mask:
        """Return where a column has a value."""
        array = self.columns.get(column)
        if array is None:
            return np.zeros(self.count, bool)
        return pc.is_valid(array).to_numpy(zero_copy_only=False)

    def equals(self, column: str, value: str) -> Mask:
        """Return where a text column has this value."""
        array = self.columns.get(column)
        if array is None:
            return np.zeros(self.count, bool)
        return pc.equal(array, value).fill_null(fill_value=False).to_numpy(zero_copy_only=False)

    def values(self, column: str, rows: Rows) -> list[object]:
        """Return the values of some rows, None where there is none."""
        array = self.columns.get(column)
        return [None] * len(rows) if array is None else array.take(pa.array(rows)).to_pylist()

    def distinct(self, column: str) -> list[str]:
        """Return the different values of a text column, without null."""
        array = self.columns.get(column)
        return [] if array is None else [value for value in pc.unique(array).to_pylist() if value is not None]

    def from_name(self, column: str, name: str) -> Mask:
        """Return where a column was read from the attribute of this name."""
        entries = self.attributes.entries(name)
        here = np.zeros(self.count, bool)
        chosen = self._entries.get(column)
        if chosen is not None and len(entries):
            owners = self.attributes.owners[entries]
            here[owners[chosen[owners] == entries]] = True
        return here

    def correct(self, column: str, rows: Rows | list[int], values: Sequence[object]) -> None:
        """Put other values into some rows of a column."""
        if not len(rows):
            return
        kind = ARROW[self._rules[column].kind]
        array = self.columns.get(column)
        if array is None:
            array = pa.nulls(self.count, kind)
        mask = np.zeros(self.count, bool)
        mask[rows] = True
        ordered = [value for _, value in sorted(zip(map(int, rows), values, strict=True), key=lambda pair: pair[0])]
        self.columns[column] = pc.replace_with_mask(array, pa.array(mask), pa.array(ordered, kind))
        self._corrected[column] = self._corrected.get(column, False) | mask

    def said(self) -> Mask:
        """Return which entries a column holds word for word, under the name the column stands for."""
        attributes = self.attributes
        said = np.zeros(len(attributes.owners), bool)
        for column, chosen in self._entries.items():
            entries = attributes.entries(self._rules[column].names[0])
            if not len(entries):
                continue
            owners = attributes.owners[entries]
            held = self.known(column)
            if column in self._corrected:
                held &= ~self._corrected[column]
            held = held[owners] & (chosen[owners] == entries)
            if self._rules[column].kind in (Kind.SMALL_PLACE, Kind.NUMBER):
                # Numbers that may come as text: `03` is 3, but not word for word.
                texts = pc.cast(self.columns[column].take(pa.array(owners)), pa.string())
                same = pc.equal(texts, attributes.texts(entries))
                held &= same.fill_null(fill_value=False).to_numpy(zero_copy_only=False)
            elif self._rules[column].kind is not Kind.TEXT:
                held &= attributes.types[entries] != 1
            said[entries[held]] = True
        return said
