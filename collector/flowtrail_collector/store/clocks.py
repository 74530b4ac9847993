"""Sends and processings of some records, kept apart to tell how far the clocks of two hosts may be from each other.

The smallest time that a message seems to take from one host to another needs many messages, not all. Kept are the
records whose number is divisible by a power of two, which grows with the store: so the same spans leave the same rows,
in whatever order they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

MOST: Final = 16_384
"""Rows kept; to join so many takes 3 ms."""
_COLUMNS: Final = (
    "trace_id",
    "span_id",
    "start_ns",
    "service",
    "instance",
    "host",
    "system",
    "operation",
    "destination",
    "partition",
    "offset",
)
_LOOKED_AT: Final = pa.array(["send", "process"])
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Clocks:
    """Keeps the rows of clock_rows few."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Find out from the file which records are kept."""
        rows = connection.execute("SELECT count(*), min(level) FROM clock_rows").fetchall()
        self._count, lowest = int(rows[0][0]), rows[0][1]
        self._level = int(lowest) if self._count > MOST // 4 else 0

    def entries(self, spans: pa.Table) -> pa.Table | None:
        """Return the rows for the spans that one commit stores; None where there are none."""
        if not {"host", "offset", "partition", "destination", "operation"} <= set(spans.column_names):
            return None
        told = pc.and_(
            pc.is_in(spans["operation"], value_set=_LOOKED_AT),
            pc.and_(pc.is_valid(spans["host"]), pc.and_(pc.is_valid(spans["offset"]), pc.is_valid(spans["partition"]))),
        )
        some = spans.filter(told)
        if not some.num_rows:
            return None
        levels = _levels(some["partition"].to_numpy(), some["offset"].to_numpy())
        kept = levels >= self._level
        if not kept.any():
            return None
        rows = some.select([name for name in _COLUMNS if name in some.column_names])
        rows = rows.append_column("level", pa.array(levels)).filter(pa.array(kept))
        self._count += rows.num_rows
        return rows

    def thin(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep half of the records where there are too many, inside the open transaction."""
        while self._count > MOST:
            self._level += 1
            connection.execute("DELETE FROM clock_rows WHERE level < ?", [self._level])
            rows = connection.execute("SELECT count(*) FROM clock_rows").fetchall()
            self._count = int(rows[0][0])


def _levels(partition: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return for each record how many times a number made of its place can be halved."""
    mixed = (offset.astype(np.uint64) * np.uint64(1024) + partition.astype(np.uint64) + np.uint64(1)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    lowest = mixed & (~mixed + np.uint64(1))
    return np.log2(np.maximum(lowest, np.uint64(1)).astype(np.float64)).astype(np.int8)
