"""The store: one DuckDB file, its one writer, and reads that never delay it."""

from flowtrail_collector.store.batch import SpanBatch, Stored
from flowtrail_collector.store.database import Store

__all__ = ["SpanBatch", "Store", "Stored"]
