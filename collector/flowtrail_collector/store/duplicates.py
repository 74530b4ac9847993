"""Tells whether spans with equal ids are the same span again, or two spans that conflict.

Equal content means: equal in every stored column, attributes in any order, and with the same links.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.store.lookup import HASHED

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from flowtrail_collector.store.identity import Keys

    Mask = NDArray[np.bool_]

SLACK_NS = 15 * 60 * 1_000_000_000
"""How far apart two spans with equal ids may start to be noticed in the file; equal content starts at the same time."""
_IDS = ("trace_id", "span_id")
_LINK_COLUMNS = (
    *("place", "linked_trace_id", "linked_span_id", "destination", "partition", "offset", "message_id"),
    *("correlation_id", "message_key"),
)


def within(spans: pa.Table, links: pa.Table, keys: Keys, keep: Mask, conflicting: Mask) -> None:
    """Compare the rows of one group with one another: clear `keep` for repeats, set `conflicting` for conflicts."""
    rows = np.flatnonzero(keep)
    order = rows[np.argsort(keys[rows], kind="stable")]
    equal = keys[order][1:] == keys[order][:-1]
    if not equal.any():
        return
    alike = np.zeros(len(order), bool)
    alike[1:] |= equal
    alike[:-1] |= equal
    by_ids: dict[tuple[bytes, bytes], list[tuple[int, object]]] = defaultdict(list)
    for row, content in _contents(spans, links, np.sort(order[alike])):
        ids = (content["trace_id"], content["span_id"])
        comparable = sorted((name, repr(value)) for name, value in content.items())
        if any(comparable == other for _, other in by_ids[ids]):
            keep[row] = False
        else:
            by_ids[ids].append((row, comparable))
    for versions in by_ids.values():
        if len(versions) > 1:
            conflicting[[row for row, _ in versions]] = True


def _contents(spans: pa.Table, links: pa.Table, rows: NDArray[np.intp]) -> list[tuple[int, dict[str, Any]]]:
    """Return the whole content of some spans, links included, as Python values."""
    held: dict[int, list[Any]] = defaultdict(list)
    if links.num_rows:
        for link in links.filter(pc.is_in(links["row"], value_set=pa.array(rows.astype(np.int32)))).to_pylist():
            held[link.pop("row")].append(sorted((name, repr(value)) for name, value in link.items()))
    contents = spans.take(pa.array(rows)).to_pylist()
    for row, content in zip(rows.tolist(), contents, strict=True):
        content["attributes"] = sorted(content.get("attributes") or [])
        content["links"] = held[row]
    return list(zip(rows.tolist(), contents, strict=True))


def stored(
    connection: duckdb.DuckDBPyConnection,
    spans: pa.Table,
    links: pa.Table,
    rows: NDArray[np.intp],
    keep: Mask,
    conflicting: Mask,
) -> None:
    """Compare rows with the file: clear `keep` for repeats, set `conflicting` for conflicts, in the file as well."""
    asked = spans.take(pa.array(rows)).append_column("row", pa.array(rows.astype(np.int32)))
    connection.register("asked", asked)
    try:
        met = _met(connection, asked)
        if not met:
            return
        differing = _with_other_links(connection, asked, links, [row for row, same in met if same])
        for row, same in met:
            if same and row not in differing:
                keep[row] = False
            else:
                conflicting[row] = True
        clashing = [row for row, _ in met if keep[row]]
        if clashing:
            _flag(connection, asked, clashing)
    finally:
        connection.unregister("asked")


def _met(connection: duckdb.DuckDBPyConnection, asked: pa.Table) -> list[tuple[int, bool]]:
    """Return the rows whose ids are in the file, and whether a row with the same columns stands there."""
    types = connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'span_rows'").fetchall()
    same = " AND ".join(
        _same(name, name in asked.column_names)
        for (name,) in types
        if name not in {*_IDS, *HASHED.values(), "conflicting"}
    )
    return connection.execute(
        f"SELECT a.row, bool_or({same}) FROM asked a JOIN span_rows s ON s.span_id = a.span_id "
        "AND s.trace_id = a.trace_id WHERE s.start_ns BETWEEN ? AND ? GROUP BY a.row",
        _range(asked),
    ).fetchall()


def _same(name: str, given: bool) -> str:
    if name == "attributes":
        theirs = "coalesce(list_sort(map_entries(s.attributes)), [])"
        return f"{theirs} = " + ("coalesce(list_sort(map_entries(a.attributes)), [])" if given else "[]")
    return f's."{name}" IS NOT DISTINCT FROM a."{name}"' if given else f's."{name}" IS NULL'


def _with_other_links(
    connection: duckdb.DuckDBPyConnection,
    asked: pa.Table,
    links: pa.Table,
    rows: list[int],
) -> set[int]:
    """Return those of `rows` whose links are not the ones in the file."""
    if not rows:
        return set()
    chosen = pa.array(rows, pa.int32())
    mine = links.filter(pc.is_in(links["row"], value_set=chosen)) if links.num_rows else links
    columns = [name for name in _LINK_COLUMNS if name in mine.column_names]
    listed = ", ".join(f'"{name}"' for name in columns)
    connection.register("chosen", pa.table({"row": chosen}))
    connection.register("mine", mine.select(["row", *columns]))
    try:
        # Of spans that conflict already, the file holds the links of all versions: there, mine must only be among them.
        found = connection.execute(
            "WITH theirs AS (SELECT a.row, l.*, x.conflicting FROM asked a JOIN chosen USING (row) "
            "JOIN link_rows l ON l.span_id = a.span_id AND l.trace_id = a.trace_id AND l.start_ns = a.start_ns "
            "JOIN (SELECT trace_id, span_id, start_ns, bool_or(conflicting) AS conflicting FROM span_rows "
            "      WHERE start_ns BETWEEN ? AND ? GROUP BY ALL) x "
            "ON x.span_id = a.span_id AND x.trace_id = a.trace_id AND x.start_ns = a.start_ns "
            "WHERE l.start_ns BETWEEN ? AND ?) "
            f"SELECT row FROM (SELECT row, {listed} FROM mine EXCEPT SELECT row, {listed} FROM theirs) "
            f"UNION SELECT row FROM (SELECT row, {listed} FROM theirs WHERE NOT conflicting "
            f"EXCEPT SELECT row, {listed} FROM mine)",
            [*_range(asked), *_range(asked)],
        ).fetchall()
    finally:
        connection.unregister("chosen")
        connection.unregister("mine")
    return {row for (row,) in found}


def _flag(connection: duckdb.DuckDBPyConnection, asked: pa.Table, rows: list[int]) -> None:
    connection.register("clashing", pa.table({"row": pa.array(rows, pa.int32())}))
    connection.execute(
        "UPDATE span_rows SET conflicting = true WHERE start_ns BETWEEN ? AND ? AND (trace_id, span_id) IN "
        "(SELECT (trace_id, span_id) FROM asked JOIN clashing USING (row))",
        _range(asked),
    )
    connection.unregister("clashing")


def _range(asked: pa.Table) -> list[int]:
    """Return the range of starts to look at: zone maps leave out the rest of the file."""
    starts = asked["start_ns"].to_numpy()
    low, high = int(starts.min()), int(starts.max())
    return [max(low - SLACK_NS, -(2**63)), min(high + SLACK_NS, 2**63 - 1)]
