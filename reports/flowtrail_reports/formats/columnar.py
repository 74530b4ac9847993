"""Parquet: the report's flat table with typed columns."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from flowtrail_reports.model import Column, Report

TEXTS = ("message_ids", "culprit_ids", "evidence")
NUMBERS = ("offsets", "culprit_offsets")
"""Columns that hold lists."""
_MEASURES = ("number", "share", "milliseconds")


class ParquetReporter:
    """Writes the report's flat table; times become timestamps, lists stay lists."""

    def render(self, report: Report) -> bytes:
        """Write one file with one row group."""
        arrays = {
            column.key: pa.array([_value(row.get(column.key), column) for row in report.table.rows], _type(column))
            for column in report.table.columns
        }
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(arrays), sink, compression="zstd")
        return bytes(sink.getvalue().to_pybytes())


def _type(column: Column) -> pa.DataType:
    if column.key in TEXTS:
        return pa.list_(pa.string())
    if column.key in NUMBERS:
        return pa.list_(pa.int64())
    if column.kind == "time":
        return pa.timestamp("us", tz="UTC")
    return pa.float64() if column.kind in _MEASURES else pa.string()


def _value(value: Any, column: Column) -> Any:
    if value is None or column.key in (*TEXTS, *NUMBERS):
        return value
    if column.kind == "time":
        return datetime.fromisoformat(value)
    return float(value) if column.kind in _MEASURES else str(value)
