"""How each instance dealt with a partition, compared record by record: what of it was not simply one after the other.

A lane is what one instance processed and committed of one partition for one group. Read from its highest offset
down, each processing is compared with all those above it. Nearly always it is enough to compare it with the next one,
because times and numbers rise along the whole lane; else a running minimum is taken, at a hundredth of what a window
of SQL costs (two seconds of CPU for a million spans).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowtrail_collector.questions.columns import NEVER, ascending, grouped, having, portions
from flowtrail_collector.questions.relations import sql_of

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.columns import Column, Columns, Group


def mark(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `marks`: processings that do not simply stand below one that began and ended later.

    next   the lowest offset above it that the instance processed; its own where it processed that one before
    late   it began or ended after one of a higher offset, or ended after one that began later: necessary for a
           reordered delivery (without receives) or completion
    early  the instance had committed past it before it ended: necessary for committed-before-processed

    Reads the views `processed` and `told`.
    """
    connection.execute(_LANES)
    connection.execute(_MARKS)
    lanes = connection.execute("SELECT lane, spans FROM lanes ORDER BY lane").fetchall()
    for first, last in portions(lanes):
        columns = connection.execute(sql_of("suspects_acts"), [first, last]).fetchnumpy()
        found = _marks(columns)
        connection.execute(_INSERT, [column.tolist() for column in found])


def _marks(columns: Columns) -> tuple[Column, ...]:
    """Return lane, offset, next offset (-1 for none), late and early of what is to be marked."""
    done, groups = _downwards(columns, columns["process"])
    first_of_lane = np.zeros(len(done["lane"]), dtype=bool)
    first_of_lane[[first for _, first, _ in groups]] = True
    following = np.where(first_of_lane, -1, np.roll(done["place"], 1))
    late = _outlasting(done, groups)
    for name in ("start_ns", "end_ns", "number"):
        late |= _exceeds(done[name], groups)
    early = done["stated"] & _after_commit(done, groups, columns)
    marked = late | early | (following != done["place"] + 1)
    return tuple(column[marked] for column in (done["lane"], done["place"], following, late, early))


def _downwards(columns: Columns, wanted: Column) -> tuple[dict[str, Column], list[Group]]:
    """Return the rows wanted, each lane from its highest offset down; as told last first where they are equal."""
    rows = np.flatnonzero(wanted)[::-1]
    order, groups = grouped(columns["lane"][rows])
    order = ascending(-columns["place"][rows], order, groups)
    return {name: column[rows[order]] for name, column in columns.items()}, groups


def _exceeds(values: Column, groups: list[Group]) -> Column:
    """Return which rows have a higher value than some row before them in their lane."""
    found = np.zeros(len(values), dtype=bool)
    for _, first, end in having(np.diff(values) > 0, groups):
        found[first + 1 : end] = values[first + 1 : end] > np.minimum.accumulate(values[first : end - 1])
    return found


def _outlasting(done: Columns, groups: list[Group]) -> Column:
    """Return which processings ended after one of their lane that began later, whatever their offsets.

    Records may be handed out against their offsets; where none was, begun and ended are compared along them already.
    """
    start, end_ns = done["start_ns"], done["end_ns"]
    found = np.zeros(len(start), dtype=bool)
    for _, first, end in having(np.diff(start) > 0, groups):
        rows = first + np.argsort(-start[first:end], kind="stable")
        found[rows[1:]] = end_ns[rows[1:]] > np.minimum.accumulate(end_ns[rows[:-1]])
    return found


def _after_commit(done: Columns, groups: list[Group], columns: Columns) -> Column:
    """Return which processings ended after a commit of their lane that covers them, by the clock or by the numbers."""
    found = np.zeros(len(done["lane"]), dtype=bool)
    commits, of_lanes = _downwards(columns, ~columns["process"])
    of_lane = {lane: slice(first, end) for lane, first, end in of_lanes}
    for lane, first, end in groups:
        if lane not in of_lane:
            continue
        covering = np.searchsorted(-commits["place"][of_lane[lane]], -done["place"][first:end], side="right")
        for name in ("end_ns", "number"):
            earliest = np.minimum.accumulate(commits[name][of_lane[lane]])
            bound = np.concatenate(([NEVER], earliest))[covering]
            found[first:end] |= done[name][first:end] > bound
    return found


_LANES = """
CREATE OR REPLACE TEMP TABLE lanes AS
SELECT row_number() OVER (ORDER BY destination, "partition", grp, who) AS lane, grp, destination, "partition", who,
    min(bottom) AS bottom, coalesce(sum(spans), 0)::BIGINT AS spans, coalesce(sum(receives), 0)::BIGINT AS receives
FROM (
    SELECT grp, destination, "partition", who, min("offset") AS bottom, count(*) AS spans, 0 AS receives
    FROM processed
    GROUP BY grp, destination, "partition", who
    UNION ALL
    SELECT grp, destination, "partition", who, NULL, 0, count(*)
    FROM received
    GROUP BY grp, destination, "partition", who
) AS p
GROUP BY grp, destination, "partition", who
"""
_MARKS = """
CREATE OR REPLACE TEMP TABLE marks (lane BIGINT, place BIGINT, next BIGINT, late BOOLEAN, early BOOLEAN)
"""
_INSERT = """
INSERT INTO marks
SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]), nullif(unnest($3::BIGINT[]), -1), unnest($4::BOOLEAN[]),
    unnest($5::BOOLEAN[])
"""
