"""How each instance dealt with a partition, compared record by record: what of it was not simply one after the other.

A lane is what one instance processed and committed of one partition for one group. Read from its highest offset
down, each processing is compared with all those above it: a running minimum, which NumPy takes at a hundredth of what
a window of SQL costs (two seconds of CPU for a million spans).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from flowtrail_collector.questions.relations import sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb
    from numpy.typing import NDArray

    Column = NDArray[Any]

AT_ONCE = 2_000_000
"""Spans that are held in memory at a time; a lane is never divided."""
NEVER = np.iinfo(np.int64).max


def mark(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `marks`: processings that do not simply stand below one that began and ended later.

    next   the lowest offset above it that the instance processed; its own where it processed that one before
    late   it began or ended after one of a higher offset, or ended after one that began later: necessary for a
           reordered delivery (without receives) or completion
    early  the instance had committed past it before it ended: necessary for committed-before-processed

    Reads the views `processed` and `looked`.
    """
    connection.execute(_LANES)
    connection.execute(_MARKS)
    for first, last in _portions(connection):
        columns = connection.execute(sql_of("suspects_acts"), [first, last]).fetchnumpy()
        found = _marks(columns)
        connection.execute(_INSERT, [column.tolist() for column in found])


def _portions(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of some lanes that are read at once."""
    first, held, last = 1, 0, 0
    for lane, spans in connection.execute("SELECT lane, spans FROM lanes ORDER BY lane").fetchall():
        if held and held + spans > AT_ONCE:
            yield first, last
            first, held = lane, 0
        held, last = held + spans, lane
    if held:
        yield first, last


def _marks(columns: Mapping[str, Column]) -> tuple[Column, ...]:
    """Return lane, offset, next offset (-1 for none), late and early of what is to be marked."""
    if not len(columns["lane"]):
        return tuple(np.empty(0, np.int64) for _ in range(5))
    lane, place, process = columns["lane"], columns["place"], columns["process"]
    start, end, number = columns["start_ns"], columns["end_ns"], columns["number"]
    bounds = [0, *(np.flatnonzero(np.diff(lane)) + 1).tolist(), len(lane)]
    above = {
        "next": _lowest_above(np.where(process, place, NEVER), bounds),
        "start": _lowest_above(start, bounds),
        "end": _lowest_above(np.where(process, end, NEVER), bounds),
        "number": _lowest_above(np.where(process, number, NEVER), bounds),
        "committed": _lowest_above(np.where(process, NEVER, end), bounds),
        "committed_number": _lowest_above(np.where(process, NEVER, number), bounds),
    }
    late = (start > above["start"]) | (end > above["end"]) | (number > above["number"])
    for first, last in pairwise(bounds):
        within = slice(first, last)
        late[within] |= _outlasts(start[within], end[within], process[within])
    early = columns["stated"] & ((end > above["committed"]) | (number > above["committed_number"]))
    marked = process & (late | early | (above["next"] != place + 1))
    following = np.where(above["next"] == NEVER, -1, above["next"])
    return tuple(column[marked] for column in (lane, place, following, late, early))


def _lowest_above(values: Column, bounds: list[int]) -> Column:
    """Return for each row the lowest value of the rows before it in its lane."""
    lowest = np.full(len(values), NEVER)
    for first, last in pairwise(bounds):
        if last - first > 1:
            np.minimum.accumulate(values[first : last - 1], out=lowest[first + 1 : last])
    return lowest


def _outlasts(start: Column, end: Column, process: Column) -> Column:
    """Return which processings of a lane ended after one that began later, whatever their offsets.

    Records may be handed out against their offsets; where none was, begun and ended are compared along them already.
    """
    found = np.zeros(len(start), dtype=bool)
    rows = np.flatnonzero(process)
    if (np.diff(start[rows]) <= 0).all():
        return found
    rows = rows[np.argsort(-start[rows], kind="stable")]
    if len(rows) > 1:
        found[rows[1:]] = end[rows[1:]] > np.minimum.accumulate(end[rows[:-1]])
    return found


_LANES = """
CREATE OR REPLACE TEMP TABLE lanes AS
SELECT row_number() OVER (ORDER BY grp, destination, "partition", who) AS lane, *
FROM (
    SELECT grp, destination, "partition", who, min("offset") AS bottom, count(*) AS spans
    FROM processed
    GROUP BY grp, destination, "partition", who
) AS p
"""
_MARKS = """
CREATE OR REPLACE TEMP TABLE marks (lane BIGINT, place BIGINT, next BIGINT, late BOOLEAN, early BOOLEAN)
"""
_INSERT = """
INSERT INTO marks
SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]), nullif(unnest($3::BIGINT[]), -1), unnest($4::BOOLEAN[]),
    unnest($5::BOOLEAN[])
"""
