"""How the sends stand in their logs: records of which a glance at the log shows something odd, and ids sent again.

Two sends were acked there; two events, or two send operations, were told to stand there; its send operation is told to
stand elsewhere as well; or a record before it bears a higher send number. Those are necessary for an offset conflict, a
resend and a reordered log. Copies with an origin are left out: they carry their original's headers, and are suspected
for themselves.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from flowtrail_collector.questions.columns import grouped, placed, portions
from flowtrail_collector.questions.relations import sql_of

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.columns import Column, Columns

UNTOLD = np.iinfo(np.int64).min
"""Stands for a null."""

Sent = dict[tuple[str, int], list["Column"]]
"""By destination and producer epoch: the send numbers in each of its logs, one for each record and number."""


def odd_records(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int, int]]:
    """Return the records, as ranges of one: destination, partition and twice the offset. Reads the view `looked`."""
    connection.execute(_LOGS)
    connection.execute(_EPOCHS)
    logs = connection.execute('SELECT log, destination, "partition", spans FROM logs ORDER BY log').fetchall()
    names = {log: (destination, partition) for log, destination, partition, _ in logs}
    found: list[tuple[str, int, int, int]] = []
    sent: Sent = defaultdict(list)
    for first, last in portions((log, spans) for log, _, _, spans in logs):
        columns = connection.execute(sql_of("suspects_places"), [first, last]).fetchnumpy()
        order, groups = grouped(columns["log"])
        for log, begin, end in groups:
            rows = {name: column[order[begin:end]] for name, column in columns.items()}
            destination, partition = names[log]
            found += [(destination, partition, offset, offset) for offset in _odd(rows, sent, destination)]
    repeated = _repeated(sent)
    if repeated:
        lists = [list(column) for column in zip(*repeated, strict=True)]
        found += connection.execute(_STANDING, lists).fetchall()
    return found


def sent_again(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the message ids that were sent to one destination more than once. Reads the view `looked`."""
    digests = np.sort(connection.execute(_SENT).fetchnumpy()["message_hash"])
    several = np.unique(digests[1:][digests[1:] == digests[:-1]])
    if not len(several):
        return set()
    return {message_id for (message_id,) in connection.execute(sql_of("suspects_ids"), [several.tolist()]).fetchall()}


def _odd(rows: Columns, sent: Sent, destination: str) -> list[int]:
    """Return the odd offsets of one log, and note the send numbers."""
    place, offsets = placed(rows["offset"])
    odd = np.bincount(place[rows["send"]], minlength=len(offsets)) > 1
    for told in ("message_hash", "seq", "epoch"):
        odd |= _disagreed(place, rows[told], len(offsets))
    numbered = rows["seq"] != UNTOLD
    order, groups = grouped(rows["epoch"][numbered])
    of_row, seq = place[numbered][order], rows["seq"][numbered][order]
    for epoch, begin, end in groups:
        at, lowest, highest = _extremes(of_row[begin:end], seq[begin:end])
        odd[at[1:]] |= lowest[1:] <= np.maximum.accumulate(highest)[:-1]
        sent[destination, epoch].append(lowest)
        if (apart := highest[lowest != highest]).size:
            sent[destination, epoch].append(apart)
    return offsets[odd].tolist()  # type: ignore[no-any-return]


def _disagreed(place: Column, told: Column, places: int) -> Column:
    """Return the places of which two values are told."""
    known = told != UNTOLD
    at, told = place[known], told[known]
    one = np.full(places, UNTOLD, dtype=np.int64)
    one[at] = told
    found = np.zeros(places, dtype=bool)
    found[at[one[at] != told]] = True
    return found


def _extremes(place: Column, values: Column) -> tuple[Column, Column, Column]:
    """Return the places that occur, in order, and the lowest and the highest value of each."""
    first = int(place.min())
    lowest = np.full(int(place.max()) - first + 1, UNTOLD, dtype=np.int64)
    lowest[place - first] = values
    apart = lowest[place - first] != values
    highest = lowest.copy()
    if apart.any():
        np.minimum.at(lowest, place[apart] - first, values[apart])
        np.maximum.at(highest, place[apart] - first, values[apart])
    at = np.flatnonzero(lowest != UNTOLD)
    return at + first, lowest[at], highest[at]


def _repeated(sent: Sent) -> list[tuple[str, int, int]]:
    """Return destination, epoch and number of the sends that stand at more than one record."""
    found = []
    for (destination, epoch), parts in sent.items():
        if epoch == UNTOLD:
            continue
        numbers = np.sort(np.concatenate(parts), kind="stable")
        twice = np.unique(numbers[1:][numbers[1:] == numbers[:-1]])
        found += [(destination, epoch, number) for number in twice.tolist()]
    return found


_SENT = "SELECT message_hash FROM looked WHERE operation IN ('send', 'create') AND message_hash IS NOT NULL"
_LOGS = """
CREATE OR REPLACE TEMP TABLE logs AS
SELECT row_number() OVER (ORDER BY destination, "partition") AS log, *
FROM (
    SELECT destination, "partition", count(*) AS spans
    FROM looked
    WHERE operation IN ('send', 'process') AND "offset" IS NOT NULL AND origin_destination IS NULL
        AND destination IS NOT NULL AND "partition" IS NOT NULL
    GROUP BY destination, "partition"
) AS l
"""
_EPOCHS = """
CREATE OR REPLACE TEMP TABLE epochs AS
SELECT row_number() OVER (ORDER BY producer_epoch) AS epoch, producer_epoch
FROM (SELECT DISTINCT producer_epoch FROM looked WHERE producer_epoch IS NOT NULL) AS p
"""
_STANDING = """
SELECT DISTINCT p.destination, p."partition", p."offset" AS low, p."offset" AS high
FROM looked AS p
JOIN epochs AS k ON k.producer_epoch = p.producer_epoch
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::BIGINT[]) AS epoch, unnest($3::BIGINT[]) AS seq
) AS r ON r.destination = p.destination AND r.epoch = k.epoch AND r.seq = p.producer_seq
WHERE p.operation IN ('send', 'process') AND p."offset" IS NOT NULL AND p.origin_destination IS NULL
"""
