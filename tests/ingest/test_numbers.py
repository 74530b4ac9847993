"""Runs of numbers: however spans come in, they tell the same of holes and of clocks that were set back."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from flowtrail_collector import store
from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.store import numbers

Span = tuple[int, int, int, bool]
"""Number, start and end in milliseconds, and whether it is a receive."""

MS = 10**6
TABLES = files(store).joinpath("schema.sql").read_text(encoding="utf-8")


def stored(batches: list[list[Span]], *, merged: bool) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the holes and the stepped instances that batches of one instance's spans tell of."""
    connection = duckdb.connect()
    connection.execute(TABLES)
    for batch in batches:
        table = pa.table(
            {
                "service": ["orders"] * len(batch),
                "instance": ["orders-1"] * len(batch),
                "operation": ["receive" if receive else "process" for *_, receive in batch],
                "number": [number for number, *_ in batch],
                "start_ns": [start * MS for _, start, _, _ in batch],
                "end_ns": [end * MS for _, _, end, _ in batch],
            }
        )
        rows = numbers.entries(table)
        assert rows is not None
        for row in rows.to_pylist():
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO number_rows ({names}) VALUES ({marks})", list(row.values()))
        if merged:
            numbers.merge(connection)
    try:
        return (
            connection.execute(f"SELECT missing FROM ({sql_of('holes')}) ORDER BY missing").fetchall(),
            connection.execute(sql_of("clock_steps")).fetchall(),
        )
    finally:
        connection.close()


def spans_of(steps: list[tuple[int, int, bool, bool]]) -> list[Span]:
    """Return spans with a pause (ms) and a duration each; some are receives, some are lost."""
    now, found = 1_000, []
    for number, (pause, lasts, receive, lost) in enumerate(steps, start=1):
        now += pause
        if not lost:
            found.append((number, now, now + lasts, receive))
    return found


def is_stepped(spans: list[Span]) -> bool:
    """Tell by looking at every pair whether a later number ended before an earlier one began."""
    return any(two[0] > one[0] and two[2] < one[1] - 10 and not one[3] and not two[3] for one in spans for two in spans)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([-300, -11, -9, 1, 5, 40]), st.sampled_from([0, 3, 30]), st.booleans(), st.booleans()
        ),
        max_size=14,
    ),
    seed=st.randoms(use_true_random=False),
    merged=st.booleans(),
)
def test_runs_tell_what_all_spans_tell(steps: list[tuple[int, int, bool, bool]], seed: object, merged: bool) -> None:
    """Shuffled and split over commits, merged or not: the clock counts as set back where any two spans show it."""
    spans = spans_of(steps)
    if not spans:
        return
    shuffled = list(spans)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    size = seed.randint(1, len(shuffled))  # type: ignore[attr-defined]
    batches = [shuffled[first : first + size] for first in range(0, len(shuffled), size)]
    holes, steps_back = stored(batches, merged=merged)
    assert bool(steps_back) == is_stepped(spans)
    assert holes == stored([spans], merged=False)[0]
