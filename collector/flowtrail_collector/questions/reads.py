"""How each instance was handed a partition: receives that overlap, that go back, and the stretches that it dealt with.

Receives are compared along their offsets, along the clock and along the numbers of the instance. They nearly always
stand in order already, so NumPy takes the running maxima, at a hundredth of what windows of SQL cost (ten microseconds
a receive).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowtrail_collector.questions.columns import NEVER, grouped, having, portions
from flowtrail_collector.questions.relations import sql_of

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.columns import Column, Columns, Group

NOTHING = -1
"""As an offset: none yet."""
_ISLAND, _MOVE = 1, 2
"""What a row of suspects_handed tells of, where it is no receive."""


def survey(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of what was handed out.

    receives      records that were handed out at once
    islands       records that one instance processed, without holes
    own_runs      records that one instance was handed or processed, without holes
    handed_twice  records that one instance was handed twice
    returned      receives of what lies below an earlier one, by the clock or by the numbers of the instance, and how
                  far it had come: in all, and since it was last assigned or moved

    Reads the tables `lanes`, `marks` and `told` and the view `received`.
    """
    for name in ("receives", "islands"):
        connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS\n{sql_of(f"suspects_{name}")}')
    connection.execute(_TABLES)
    lanes = connection.execute("SELECT lane, receives + 1 FROM lanes ORDER BY lane").fetchall()
    for first, last in portions(lanes):
        columns = connection.execute(sql_of("suspects_handed"), [first, last]).fetchnumpy()
        for table, found in _surveyed(columns).items():
            if len(found[0]):
                unnested = ", ".join(f"unnest(${number + 1}::BIGINT[])" for number in range(len(found)))
                connection.execute(f"INSERT INTO {table} SELECT {unnested}", [column.tolist() for column in found])


def _surveyed(columns: Columns) -> dict[str, list[Column]]:
    island, moved = columns["what"] == _ISLAND, columns["what"] == _MOVE
    receives = {name: column[~island & ~moved] for name, column in columns.items()}
    turns = {name: column[~island] for name, column in columns.items()}
    return {
        "own_runs": _runs({name: column[~moved] for name, column in columns.items()}),
        "handed_twice": _overlaps(receives),
        "returned": _returned(turns, moved[~island]),
    }


def _runs(held: Columns) -> list[Column]:
    """Return lane, first and last offset of what was held without holes."""
    held = {name: column[held["low"] != NEVER] for name, column in held.items()}
    order, groups = _ordered(held["lane"], held["low"], held["high"])
    low, high = held["low"][order], held["high"][order]
    begins = low > _reached(high, groups) + 1
    begins[[first for _, first, _ in groups]] = True
    at = np.flatnonzero(begins)
    return [held["lane"][order][at], low[at], np.maximum.reduceat(high, at) if len(at) else high]


def _overlaps(receives: Columns) -> list[Column]:
    """Return lane, first and last offset of what a receive has in common with those that begin before it."""
    order, groups = _ordered(receives["lane"], receives["low"], receives["high"])
    low, high = receives["low"][order], receives["high"][order]
    reached = _reached(high, groups)
    found = low <= reached
    return [receives["lane"][order][found], low[found], np.minimum(high, reached)[found]]


def _returned(turns: Columns, moved: Column) -> list[Column]:
    """Return the receives that begin no higher than an earlier one reached, as the table has them."""
    in_all, in_turn = zip(*(_come_by(turns, moved, along) for along in ("at_ns", "number")), strict=True)
    low = turns["low"]
    found = ~moved & np.logical_or.reduce([low <= reached for reached in (*in_all, *in_turn)])
    columns = [turns[name] for name in ("lane", "low", "high", "start_ns", "number")]
    return [column[found] for column in (*columns, *in_all, *in_turn)]


def _come_by(turns: Columns, moved: Column, along: str) -> tuple[Column, Column]:
    """Return for each receive how far its instance had come before it: in all, and since it was last moved."""
    order, groups = _ordered(turns["lane"], turns[along], ~moved, turns["low"])
    high, cuts = turns["high"][order], np.flatnonzero(moved[order])
    in_all, in_turn = np.empty_like(high), np.empty_like(high)
    in_all[order] = _reached(high, groups)
    in_turn[order] = _reached(high, _cut(groups, cuts))
    return in_all, in_turn


def _ordered(lane: Column, along: Column, *more: Column) -> tuple[Column, list[Group]]:
    """Return the rows by lane and along a column; where that is equal, along more of them."""
    order, groups = grouped(lane)
    for _, first, end in having(np.diff(along[order]) <= 0, groups):
        rows = order[first:end]
        order[first:end] = rows[np.lexsort([column[rows] for column in reversed((along, *more))])]
    return order, groups


def _reached(high: Column, groups: list[Group]) -> Column:
    """Return for each row the highest value before it in its group."""
    found = np.full(len(high), NOTHING)
    for _, first, end in groups:
        if end - first > 1:
            np.maximum.accumulate(high[first : end - 1], out=found[first + 1 : end])
    return found


def _cut(groups: list[Group], cuts: Column) -> list[Group]:
    """Return the groups, divided before each of some rows."""
    if not len(cuts):
        return groups
    firsts = np.unique(np.concatenate(([first for _, first, _ in groups], cuts)))
    ends = [*firsts[1:].tolist(), groups[-1][2]]
    return [(0, first, end) for first, end in zip(firsts.tolist(), ends, strict=True)]


_TABLES = """
CREATE OR REPLACE TEMP TABLE own_runs (lane BIGINT, low BIGINT, high BIGINT);
CREATE OR REPLACE TEMP TABLE handed_twice (lane BIGINT, low BIGINT, high BIGINT);
CREATE OR REPLACE TEMP TABLE returned (
    lane BIGINT, low BIGINT, high BIGINT, start_ns BIGINT, number BIGINT, reached BIGINT, reached_by_number BIGINT,
    reached_in_turn BIGINT, reached_in_turn_by_number BIGINT)
"""
