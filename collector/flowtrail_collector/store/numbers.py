"""The numbers of each instance's spans that arrived, as runs: where a hole is, and until when it can hide something.

They also tell whether the numbers contradict the clock. A commit adds the runs of its spans; runs that touch are made
one from time to time.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

MERGE_AT: Final = 20_000
"""Rows that make it worth merging those that touch; merging so many takes about 20 ms."""
GRANTED_NS: Final = 10_000_000
"""By so much a span may seem to have ended before one with a lower number began: threads race for their numbers."""
_NEVER: Final = np.iinfo(np.int64).max
_EVER: Final = np.iinfo(np.int64).min
_RECEIVE: Final = pa.scalar("receive")

MERGED: Final = f"""
SELECT service, instance, min(first_number) AS first_number, max(last_number) AS last_number,
    arg_min(recorded_ns, first_number) AS recorded_ns, arg_max(last_ns, last_number) AS last_ns,
    max(begun_ns) AS begun_ns, min(ended_ns) AS ended_ns,
    bool_or(coalesce(stepped, FALSE) OR coalesce(ended_ns < begun_before - {GRANTED_NS}, FALSE)) AS stepped
FROM (
    SELECT *, sum(CASE WHEN reached IS NULL OR first_number > reached + 1 THEN 1 ELSE 0 END) OVER (
        PARTITION BY instance, service ORDER BY first_number, last_number ROWS UNBOUNDED PRECEDING) AS island
    FROM (
        SELECT *, max(last_number) OVER before AS reached, max(begun_ns) OVER before AS begun_before
        FROM number_rows
        WINDOW before AS (
            PARTITION BY instance, service ORDER BY first_number, last_number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS r
) AS i
GROUP BY service, instance, island
"""
"""The rows of number_rows, with those that touch made one."""


def entries(spans: pa.Table) -> pa.Table | None:
    """Return the rows of number_rows for the spans that one commit stores; None where none is numbered."""
    if "number" not in spans.column_names:
        return None
    numbered = spans.filter(pc.is_valid(spans["number"])) if spans["number"].null_count else spans
    if not numbered.num_rows:
        return None
    teller = _codes(numbered, "instance") * (numbered.num_rows + 1) + _codes(numbered, "service")
    number = numbered["number"].to_numpy()
    order = np.lexsort((number, teller))
    teller, number = teller[order], number[order]
    ended = numbered["end_ns"].to_numpy()[order]
    # A receive is recorded when its range is sealed, which may be long after it ended.
    receives = _receives(numbered)[order]
    begins = np.concatenate(([True], (np.diff(teller) != 0) | (np.diff(number) > 1)))
    first = np.flatnonzero(begins)
    last = np.concatenate((first[1:] - 1, [len(number) - 1]))
    place = np.minimum.reduceat(np.where(receives, _NEVER, np.arange(len(number))), first)
    recorded = ended[np.minimum(place, len(number) - 1)]
    begun = np.where(receives, _EVER, numbered["start_ns"].to_numpy()[order])
    begun_of_run = np.maximum.reduceat(begun, first)
    ended_of_run = np.minimum.reduceat(np.where(receives, _NEVER, ended), first)
    at = pa.array(order[first])
    return pa.table(
        {
            "service": numbered["service"].take(at)
            if "service" in numbered.column_names
            else pa.nulls(len(at), pa.string()),
            "instance": numbered["instance"].take(at)
            if "instance" in numbered.column_names
            else pa.nulls(len(at), pa.string()),
            "first_number": number[first],
            "last_number": number[last],
            "recorded_ns": pa.array(recorded, mask=place == _NEVER),
            "last_ns": ended[last],
            "begun_ns": pa.array(begun_of_run, mask=begun_of_run == _EVER),
            "ended_ns": pa.array(ended_of_run, mask=ended_of_run == _NEVER),
            "stepped": np.logical_or.reduceat(_stepped(teller, begun, ended, receives), first),
        }
    )


def _stepped(
    teller: NDArray[np.int64], begun: NDArray[np.int64], ended: NDArray[np.int64], receives: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which spans ended before one that their instance recorded earlier had begun: its clock was set back."""
    found = np.zeros(len(teller), bool)
    bounds = [0, *(np.flatnonzero(np.diff(teller)) + 1).tolist(), len(teller)]
    for start, stop in pairwise(bounds):
        latest = np.maximum.accumulate(begun[start : stop - 1])
        known = latest > _EVER
        found[start + 1 : stop] = known & (ended[start + 1 : stop] < np.where(known, latest, 0) - GRANTED_NS)
    return found & ~receives


def _receives(spans: pa.Table) -> NDArray[np.bool_]:
    if "operation" not in spans.column_names:  # nothing in it speaks of messaging
        return np.zeros(spans.num_rows, bool)
    return pc.fill_null(pc.equal(spans["operation"], _RECEIVE), fill_value=False).to_numpy()


def merge(connection: duckdb.DuckDBPyConnection) -> None:
    """Make runs that touch one, inside the open transaction."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE merged_numbers AS {MERGED}")
    connection.execute("DELETE FROM number_rows")
    connection.execute("INSERT INTO number_rows BY NAME SELECT * FROM merged_numbers")
    connection.execute("DROP TABLE merged_numbers")


def _codes(spans: pa.Table, column: str) -> NDArray[np.int64]:
    """Return a number for each value of a column, 0 for null."""
    if column not in spans.column_names:
        return np.zeros(spans.num_rows, np.int64)
    codes = spans[column].combine_chunks().dictionary_encode().indices
    return pc.fill_null(codes, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
