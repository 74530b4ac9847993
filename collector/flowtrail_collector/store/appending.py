"""Puts a group of requests into the tables, each span once.

Three things keep a span from being stored twice: the digest of its request (a retry after a lost ack), the memory of
recent ids, and, for what that does not cover, the file itself. Equal ids with other content are both kept and flagged.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from flowtrail_collector.store import duplicates, ledger, numbers
from flowtrail_collector.store.batch import SpanBatch, Stored
from flowtrail_collector.store.clocks import Clocks
from flowtrail_collector.store.identity import Recent, keys_of
from flowtrail_collector.store.inserting import Inserter

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from flowtrail_collector.store.identity import Keys

MAX_DIGESTS = 100_000
"""Requests remembered: the last minutes' under load, the last hours' otherwise. Beyond, spans are compared."""
_MAX_RESOURCES = 100_000
_MAX_FROM_FILE = 2_000_000  # ids read when a store is opened: half a second
_BELIEVED_AHEAD_NS = 3_600_000_000_000  # a start further in the future than that says nothing about what is recent


@dataclass(slots=True)
class Prepared:
    """What a transaction holds, to be remembered once it is committed."""

    keys: Keys
    newest_start_ns: int
    digests: list[bytes]
    resources: set[int]
    outcomes: list[Stored]


class Appender:
    """Appends to the tables through one connection, and remembers what is in them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read from the file what must be remembered."""
        self.use(connection)
        rows = connection.execute(
            "SELECT digest FROM (SELECT digest, received_ns FROM request_rows ORDER BY received_ns DESC LIMIT ?) "
            "ORDER BY received_ns",
            [MAX_DIGESTS],
        ).fetchall()
        self._order: deque[bytes] = deque(digest for (digest,) in rows)
        self.digests = set(self._order)
        self._resources: set[int] = set()
        self._ledger_rows = self._count("ledger_rows")
        self._number_rows = self._count("number_rows")
        self._clocks = Clocks(connection)
        self._recent = self._from_file()

    def use(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Append through another connection: DuckDB gave up the database, and it was opened again."""
        self._connection = connection
        self._inserter = Inserter(connection)

    def forget_statements(self) -> None:
        """Prepare statements anew: what a transaction that failed had prepared is gone with it."""
        self._inserter.forget()

    def _from_file(self) -> Recent:
        """Remember the newest spans of the file, as far back as conflicts are looked for, and not too many."""
        horizon = time.time_ns() + _BELIEVED_AHEAD_NS
        newest = self._one("SELECT max(start_ns) FROM span_rows WHERE start_ns <= ?", horizon)
        if newest is None:
            return Recent(0)
        reach, within = duplicates.SLACK_NS, "FROM span_rows WHERE start_ns BETWEEN ? AND ?"
        while (self._one(f"SELECT count(*) {within}", newest - reach, horizon) or 0) > _MAX_FROM_FILE:
            reach //= 2
        ids = self._connection.sql(
            f"SELECT trace_id, span_id {within}",
            params=[newest - reach, horizon],
        ).to_arrow_table()
        recent = Recent(newest - reach)
        recent.add(keys_of(_bytes_of(ids["trace_id"]), _bytes_of(ids["span_id"])), newest)
        return recent

    def _count(self, table: str) -> int:
        return self._one(f"SELECT count(*) FROM {table}") or 0

    def _one(self, sql: str, *parameters: int) -> int | None:
        (value,) = self._connection.execute(sql, list(parameters)).fetchall()[0]
        return None if value is None else int(value)

    def prepare(self, batches: list[SpanBatch], digests: list[bytes], counts: list[int]) -> Prepared:
        """Insert inside the open transaction; request i has `digests[i]` and the next `counts[i]` rows."""
        spans, links, resources = _joined(batches)
        keep, fresh = self._unseen(digests, counts)
        keys = keys_of(_bytes_of(spans["trace_id"]), _bytes_of(spans["span_id"]))
        starts = spans["start_ns"].to_numpy()
        conflicting = np.zeros(len(keys), bool)
        duplicates.within(spans, links, keys, keep, conflicting)
        horizon = time.time_ns() + _BELIEVED_AHEAD_NS
        perhaps = keep & (self._recent.may_hold(keys) | (starts < self._recent.covered_from_ns) | (starts > horizon))
        if perhaps.any():
            duplicates.stored(self._connection, spans, links, np.flatnonzero(perhaps), keep, conflicting)
        self._insert_spans(spans, keep, conflicting)
        self._insert_links(spans, links, keep)
        added = self._insert_resources(resources)
        self._insert_digests(fresh)
        believed = starts[keep & (starts <= horizon)]
        newest = int(believed.max()) if len(believed) else 0
        return Prepared(keys[keep], newest, fresh, added, _outcomes(counts, keep, conflicting))

    def committed(self, prepared: Prepared) -> list[Stored]:
        """Remember what is stored now; return the outcome of each request."""
        self._recent.add(prepared.keys, prepared.newest_start_ns)
        self._order.extend(prepared.digests)
        self.digests.update(prepared.digests)
        while len(self._order) > MAX_DIGESTS:
            self.digests.discard(self._order.popleft())
        if len(self._resources) > _MAX_RESOURCES:
            self._resources.clear()
        self._resources |= prepared.resources
        return prepared.outcomes

    def doubted(self, prepared: Prepared) -> None:
        """Remember what may be stored although its commit failed: when it comes again, the file is looked at."""
        self._recent.add(prepared.keys, prepared.newest_start_ns)

    def forget_old(self) -> None:
        """Remove from the file the digests that are remembered no longer."""
        self._connection.execute(
            "DELETE FROM request_rows WHERE received_ns < "
            "(SELECT min(received_ns) FROM (SELECT received_ns FROM request_rows ORDER BY received_ns DESC LIMIT ?))",
            [MAX_DIGESTS],
        )

    def _unseen(self, digests: list[bytes], counts: list[int]) -> tuple[NDArray[np.bool_], list[bytes]]:
        """Return which rows come from requests that are not stored yet, and those requests' digests."""
        fresh: list[bytes] = []
        here: set[bytes] = set()
        new = np.ones(len(digests), bool)
        for place, digest in enumerate(digests):
            if digest in self.digests or digest in here:
                new[place] = False
            else:
                here.add(digest)
                fresh.append(digest)
        return np.repeat(new, counts), fresh

    def _insert_spans(self, spans: pa.Table, keep: NDArray[np.bool_], conflicting: NDArray[np.bool_]) -> None:
        spans = spans.append_column("conflicting", pa.array(conflicting))
        if not keep.all():
            spans, conflicting = spans.filter(pa.array(keep)), conflicting[keep]
        self._inserter.insert("span_rows", spans)
        if not spans.num_rows:
            return
        entries = ledger.entries(spans, conflicting)
        self._inserter.insert("ledger_rows", entries)
        self._ledger_rows += entries.num_rows
        if self._ledger_rows > ledger.MERGE_AT:
            ledger.merge(self._connection)
            self._ledger_rows = 0
        runs = numbers.entries(spans)
        if runs is not None:
            self._inserter.insert("number_rows", runs)
            self._number_rows += runs.num_rows
        if self._number_rows > numbers.MERGE_AT:
            numbers.merge(self._connection)
            self._number_rows = 0
        of_clocks = self._clocks.entries(spans)
        if of_clocks is not None:
            self._inserter.insert("clock_rows", of_clocks)
            self._clocks.thin(self._connection)

    def _insert_links(self, spans: pa.Table, links: pa.Table, keep: NDArray[np.bool_]) -> None:
        if not links.num_rows:
            return
        rows = links["row"].to_numpy()
        if not keep.all():
            links = links.filter(pa.array(keep[rows]))
            rows = links["row"].to_numpy()
        of_span = spans.select(["trace_id", "span_id", "start_ns"]).take(pa.array(rows))
        for name in of_span.column_names:
            links = links.append_column(name, of_span[name])
        self._inserter.insert("link_rows", links.drop_columns(["row"]))

    def _insert_resources(self, resources: pa.Table) -> set[int]:
        new = set(resources["resource_id"].to_pylist()) - self._resources
        if new:
            self._connection.register("new_resources", resources)
            self._connection.execute(
                "INSERT INTO resource_rows SELECT resource_id, any_value(attributes) FROM new_resources "
                "WHERE resource_id NOT IN (SELECT resource_id FROM resource_rows) GROUP BY resource_id",
            )
            self._connection.unregister("new_resources")
        return new

    def _insert_digests(self, digests: list[bytes]) -> None:
        now = np.full(len(digests), time.time_ns())
        self._inserter.insert(
            "request_rows", pa.table({"digest": pa.array(digests, pa.binary()), "received_ns": pa.array(now)})
        )


def _joined(batches: list[SpanBatch]) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Put batches behind one another; links then point into the whole."""
    if len(batches) == 1:
        return batches[0].spans, batches[0].links, batches[0].resources
    links, before = [], 0
    for batch in batches:
        moved = pa.array(batch.links["row"].to_numpy() + np.int32(before))
        links.append(batch.links.set_column(batch.links.column_names.index("row"), "row", moved))
        before += batch.spans.num_rows
    return (
        pa.concat_tables([batch.spans for batch in batches], promote_options="default"),
        pa.concat_tables(links, promote_options="default"),
        pa.concat_tables([batch.resources for batch in batches]),
    )


def _bytes_of(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """Return the bytes of a column of ids that all have the right length, one after the other."""
    parts = []
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        if data is None or offsets is None:
            continue
        ends = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        parts.append(np.frombuffer(data, np.uint8)[ends[0] : ends[-1]])
    return np.concatenate(parts) if parts else np.empty(0, np.uint8)


def _outcomes(counts: list[int], keep: NDArray[np.bool_], conflicting: NDArray[np.bool_]) -> list[Stored]:
    of_row = np.repeat(np.arange(len(counts)), counts)
    kept = np.bincount(of_row[keep], minlength=len(counts)).tolist()
    flagged = np.bincount(of_row[keep & conflicting], minlength=len(counts)).tolist()
    return [
        Stored(stored, total - stored, conflicts)
        for total, stored, conflicts in zip(counts, kept, flagged, strict=True)
    ]
