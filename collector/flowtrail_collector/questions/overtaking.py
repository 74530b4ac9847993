"""What tells that records were overtaken: bounds beyond which a span shows it, and sends that stand before them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.ranges import Ruler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowtrail_collector.questions.ranges import Place, Range
    from flowtrail_collector.questions.scope import Row

FURTHEST = 2_000
"""Offsets over which an overtaking is followed."""


class Reads:
    """What the spans of some records tell of who sent, was handed, and processed them first."""

    def __init__(self, rows: Iterable[Row], places: set[Place]) -> None:
        """Read the spans `rows` for what they tell of `places`."""
        self._first: dict[tuple[Place, str, Any, Any], Row] = {}
        self._sends: list[tuple[Place, Row]] = []
        of_partition: dict[tuple[str, int], list[int]] = {}
        for destination, partition, offset in sorted(places):
            of_partition.setdefault((destination, partition), []).append(offset)
        handed: set[tuple[Place, Any, Any, Any]] = set()
        processed: set[tuple[Place, Any, Any, Any]] = set()
        surely: set[tuple[Place, Any, Any, Any]] = set()
        for row in rows:
            if row["offset"] is None or row["operation"] not in {"send", "receive", "process"}:
                continue
            offsets = of_partition.get((row["destination"], row["partition"]), [])
            last = row["offset"] if row["offset_last"] is None else row["offset_last"]
            for offset in offsets[bisect_left(offsets, row["offset"]) : bisect_right(offsets, last)]:
                place = (row["destination"], row["partition"], offset)
                if row["operation"] == "send":
                    self._sends.append((place, row))
                    continue
                who = (place, row["consumer_group"], row["service"], row["instance"])
                (handed if row["operation"] == "receive" else processed).add(who)
                if row["operation"] == "receive" and row["offset_runs"] is None:
                    surely.add(who)
                key = (place, row["operation"], row["consumer_group"], row["service"])
                if key not in self._first or row["start_ns"] < self._first[key]["start_ns"]:
                    self._first[key] = row
        self._handed = {(place, group or service) for place, group, service, _ in surely | processed}
        self.untold = {who[1:] for who in handed - processed}
        """Group, service and instance of members that were handed a record and told no processing of it."""

    def was_handed(self, place: Place, member: Row) -> bool:
        """Tell whether the group of a member was handed the record."""
        return (place, member["consumer_group"] or member["service"]) in self._handed

    def limits(self, around: list[Range]) -> list[tuple[Any, ...]]:
        """Return, by range, operation and who, the bound beyond which a span shows that a record was overtaken.

        Of a send the lowest send number; of a receive when it handed the record out first; of a processing when that
        one ended. Each is (range's number, operation, group, service, instance, producer epoch, bound).
        """
        found: dict[tuple[Any, ...], int] = {}
        ruler = Ruler(around)
        for place, row in self._sends:
            if row["producer_epoch"] is not None and row["producer_seq"] is not None:
                who = (None, row["service"], row["instance"], row["producer_epoch"])
                key = (ruler.at(place), "send", *who)
                found[key] = min(found.get(key, row["producer_seq"]), row["producer_seq"])
        for (place, operation, group, service), row in self._first.items():
            key = (ruler.at(place), operation, group, service, row["instance"], None)
            at_ns = row["start_ns"] if operation == "receive" else row["end_ns"]
            found[key] = max(found.get(key, at_ns), at_ns)
        return [(*key, bound) for key, bound in found.items()]


def overtaken(
    rows: Iterable[Row], around: list[Range], limits: list[tuple[Any, ...]], first: Mapping[int, int]
) -> list[tuple[Any, ...]]:
    """Return the sends of the ranges that were overtaken, as far as `rows` and what was found show it.

    `limits` are those of Reads, `first` the lowest overtaker that was found of a range. Each is (range's number,
    destination, partition, instance, producer epoch, send number, lowest overtaker, and how far down to look).
    """
    sends: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        if row["operation"] == "send" and row["offset"] is not None and row["producer_seq"] is not None:
            line = row["producer_epoch"], row["instance"], row["destination"], row["partition"]
            sends[line].append((row["producer_seq"], row["offset"]))
    lines = {line: _Line(sent) for line, sent in sends.items()}
    late = []
    for number, operation, _, _, instance, epoch, bound in limits:
        if operation != "send":
            continue
        own = lines.get((epoch, instance, *around[number][:2]))
        overtakers = [] if own is None else own.overtaking(bound)
        overtakers += [first[number]] if number in first else []
        if overtakers:
            lowest = max(around[number][2] - FURTHEST, 0)
            late.append((number, *around[number][:2], instance, epoch, bound, min(overtakers), lowest))
    return late


class _Line:
    """One producer's sends to a partition, by their numbers."""

    def __init__(self, sent: list[tuple[int, int]]) -> None:
        """Take number and offset of each."""
        self._highest: dict[int, int] = {}
        for number, offset in sent:
            self._highest[number] = max(self._highest.get(number, offset), offset)
        sent.sort()
        self._numbers = [number for number, _ in sent]
        self._lowest = list(accumulate((offset for _, offset in reversed(sent)), min))[::-1]
        """Of each send and those with higher numbers the lowest offset."""

    def overtaking(self, number: int) -> list[int]:
        """Return the lowest offset of a later send that stands before one with this number; nothing where none does."""
        behind = bisect_right(self._numbers, number)
        if behind == len(self._numbers) or self._lowest[behind] >= self._highest.get(number, -1):
            return []
        return [self._lowest[behind]]
