"""The ledger of instances: what each told, summed with every commit.

Coverage ("of 500 spans that payment-1 recorded, 3 never arrived") and the groups of a destination are asked with every
question. Counting them anew costs a scan of all spans; these sums cost a question a few thousand short rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

KEYS: Final = (
    "service",
    "instance",
    "host",
    "system",
    "cluster_id",
    "destination",
    "consumer_group",
    "operation",
    "closing",
)
MERGE_AT: Final = 20_000
"""Rows that make it worth merging those of equal keys; merging so many takes about 20 ms."""

# Scalars are made once: to make one costs Arrow 0.1 ms.
_CLOSE: Final = pa.scalar("close")
_FALSE: Final = pa.scalar(value=False)
_NO_NUMBER: Final = pa.scalar(None, pa.int64())
_OF_SAMPLING: Final = (("stand_for", "count"), ("stand_for", "sum"))
_MOST_STOOD_FOR: Final = 10**9
"""Thousandths: with more, a sum over many spans would not fit into 64 bits."""

_MERGED: Final = f"""
SELECT {", ".join(KEYS)},
    sum(spans)::BIGINT AS spans, sum(numbered)::BIGINT AS numbered, max(last_number) AS last_number,
    max(dropped) AS dropped, sum(dropped_links)::BIGINT AS dropped_links,
    min(first_ns) AS first_ns, max(last_ns) AS last_ns,
    sum(told_sampling)::BIGINT AS told_sampling, sum(stand_for)::BIGINT AS stand_for
FROM ledger_rows
GROUP BY {", ".join(KEYS)}
"""


def entries(spans: pa.Table, conflicting: NDArray[np.bool_]) -> pa.Table:
    """Return the ledger rows of the spans that one commit stores; `conflicting` marks ids that were stored before."""
    told = {name: _column(spans, name, pa.string()) for name in KEYS if name != "closing"}
    closing = pc.equal(_column(spans, "operation_name", pa.string()), _CLOSE)
    number = _column(spans, "number", pa.int64())
    counted = pc.if_else(pa.array(conflicting), _NO_NUMBER, number) if conflicting.any() else number
    table = pa.table(
        {
            **told,
            "closing": pc.fill_null(closing, _FALSE),
            "counted": counted,
            "number": number,
            "dropped": _column(spans, "dropped", pa.int64()),
            "links": _column(spans, "dropped_links", pa.int64()),
            "start_ns": spans["start_ns"],
            "end_ns": spans["end_ns"],
            **_sampled(spans, number),
        }
    )
    sums = table.group_by(list(KEYS), use_threads=False).aggregate(
        [
            ([], "count_all"),
            ("counted", "count"),
            ("number", "max"),
            ("dropped", "max"),
            ("links", "sum"),
            ("start_ns", "min"),
            ("end_ns", "max"),
            *((name, kind) for name, kind in _OF_SAMPLING if name in table.column_names),
        ]
    )
    names = {
        "count_all": "spans",
        "counted_count": "numbered",
        "number_max": "last_number",
        "dropped_max": "dropped",
        "links_sum": "dropped_links",
        "start_ns_min": "first_ns",
        "end_ns_max": "last_ns",
        "stand_for_count": "told_sampling",
        "stand_for_sum": "stand_for",
    }
    return sums.rename_columns([names.get(name, name) for name in sums.column_names])


def _sampled(spans: pa.Table, number: pa.ChunkedArray) -> dict[str, pa.Array]:
    """Return how many spans each stands for, in thousandths; a numbered span was not sampled, whatever it was told."""
    if "sampling" not in spans.column_names:
        return {}
    shares = spans["sampling"].to_numpy()
    told = ~np.isnan(shares) & pc.is_null(number).to_numpy()
    stand_for = np.minimum(np.ceil(1000 / np.where(told, shares, 1.0)), _MOST_STOOD_FOR).astype(np.int64)
    return {"stand_for": pa.array(stand_for, mask=~told)}


def merge(connection: duckdb.DuckDBPyConnection) -> None:
    """Merge rows of equal keys, inside the open transaction."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE merged_ledger AS {_MERGED}")
    connection.execute("DELETE FROM ledger_rows")
    connection.execute("INSERT INTO ledger_rows BY NAME SELECT * FROM merged_ledger")
    connection.execute("DROP TABLE merged_ledger")


def _column(spans: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name not in spans.column_names:
        return pa.chunked_array([pa.nulls(spans.num_rows, kind)])
    column = spans[name]
    return column if column.type == kind else column.cast(kind)
