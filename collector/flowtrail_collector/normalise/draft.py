"""Canonical columns in the making: read from the attributes by rule, corrected row by row where senders are odd."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.normalise.vocabulary import Kind, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flowtrail_collector.normalise.attributes import Attributes, Column, Rows

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


_FALSE: Final = pa.scalar(value=False)


class Draft:
    """The columns of `attributes.count` rows. A column nobody said anything about is absent."""

    def __init__(self, attributes: Attributes, rules: tuple[Rule, ...]) -> None:
        """Read every rule's column."""
        self.attributes = attributes
        self.count = attributes.count
        self.columns: dict[str, pa.Array] = {}
        self._rules = {rule.column: rule for rule in rules}
        self._read: dict[str, Column] = {}
        self._corrected: dict[str, Mask] = {}
        for rule in rules:
            found = attributes.column(rule)
            if found is not None:
                self.columns[rule.column], self._read[rule.column] = found.values, found

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
        return pc.equal(array, _scalar(value)).fill_null(_FALSE).to_numpy(zero_copy_only=False)

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
        read = self._read.get(column)
        if read is not None and len(entries):
            owners = self.attributes.owners[entries]
            here[owners[read.entries[owners] == entries]] = True
        return here

    def correct(self, column: str, rows: Rows | list[int], values: Sequence[object]) -> None:
        """Put other values into some rows of a column."""
        if not len(rows):
            return
        kind = ARROW[self._rules[column].kind]
        array = self.columns.get(column)
        if array is None:
            array = pa.nulls(self.count, kind)
        places = np.asarray(rows)
        if (places[1:] < places[:-1]).any():
            order = np.argsort(places)
            values = [values[place] for place in order]
        mask = np.zeros(self.count, bool)
        mask[places] = True
        self.columns[column] = pc.replace_with_mask(array, pa.array(mask), pa.array(values, kind))
        self._corrected[column] = self._corrected.get(column, False) | mask

    def fill(self, column: str, others: pa.Array | None) -> None:
        """Take `others` where a column has no value."""
        if others is None:
            return
        array = self.columns.get(column)
        missing = ~self.known(column)
        self.columns[column] = others if array is None else pc.coalesce(array, others)
        self._corrected[column] = self._corrected.get(column, False) | missing

    def said(self) -> Mask:
        """Return which entries a column holds word for word, under the name the column stands for."""
        said = np.zeros(len(self.attributes.owners), bool)
        for column, read in self._read.items():
            held = read.exact
            if column in self._corrected:
                held = held & ~self._corrected[column]
            said[read.entries[held]] = True
        return said


@lru_cache(1000)
def _scalar(value: str) -> pa.Scalar:
    """Return a text as Arrow's scalar: to make one costs 0.1 ms."""
    return pa.scalar(value, pa.string())
