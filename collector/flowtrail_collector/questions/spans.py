"""`spans`: everything that is stored of some spans: the evidence of a claim, or all spans of some traces.

A span is named by `<trace id>/<span id>` in hex, as answers and findings name their evidence. Spans are found by the
numbers of their traces (store/lookup.py), and read whole only then.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.documents import evidence_id, head
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.references import limited, span_of, trace_of
from flowtrail_collector.store.lookup import holds
from flowtrail_collector.window import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from flowtrail_collector.questions.scope import Row

Document = dict[str, Any]

MOST_ROWS = 5_000
"""Spans of traces that are told; the earliest ones."""

_OURS = "trace_hash, message_hash, resource_id"
"""Columns that only the store itself has a use for."""


def spans(connection: duckdb.DuckDBPyConnection, refs: Sequence[str], traces: Sequence[str] = ()) -> Document:
    """Return the spans named by `refs`, and all spans of `traces`, as `flowtrail.spans/1`, in the order of time.

    `missing` names the references of which nothing is stored. What exceeds a limit is left out, and counted. Raises
    UsageError for what is no reference.
    """
    named, refs_left = limited(refs)
    whole, traces_left = limited(traces)
    wanted = [span_of(ref) for ref in named]
    found = _find(connection, set(wanted), set(map(trace_of, whole)))
    told, seen = found[:MOST_ROWS], {ref for _, ref in found}
    return {
        **head(connection, "flowtrail.spans/1"),
        "rows": _read(connection, [number for number, _ in told]),
        "missing": [evidence_id(ref) for ref in wanted if ref not in seen],
        "left_out": {"refs": refs_left, "traces": traces_left, "spans": len(found) - len(told)},
    }


def _find(connection: duckdb.DuckDBPyConnection, refs: set[bytes], whole: set[bytes]) -> list[tuple[int, bytes]]:
    """Return row number and reference of the spans named, and of those of `whole` traces, the earliest first."""
    traces = sorted({ref[:16] for ref in refs} | whole)
    if not traces:
        return []
    rows = connection.execute(
        f"SELECT rowid, trace_id, span_id FROM span_rows WHERE {holds('trace_id', '$1::BLOB[]')} "
        "ORDER BY start_ns, span_id",
        [traces],
    ).fetchall()
    return [(number, trace + span) for number, trace, span in rows if trace in whole or trace + span in refs]


def _read(connection: duckdb.DuckDBPyConnection, numbers: list[int]) -> list[Document]:
    """Return all that is stored of these rows; a column without a value is left out."""
    if not numbers:
        return []
    rows = fetch(
        connection,
        f"SELECT span_rows.* EXCLUDE ({_OURS}), resource_rows.attributes AS resource "
        "FROM span_rows LEFT JOIN resource_rows USING (resource_id) "
        "WHERE span_rows.rowid IN (SELECT unnest($1::BIGINT[])) ORDER BY start_ns, span_id",
        [numbers],
    )
    links = _links(connection, rows)
    return [_document(row, links.get(row["trace_id"] + row["span_id"], [])) for row in rows]


def _links(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> dict[bytes, list[Document]]:
    """Return the links of spans, each span's in its own order; times are what zone maps find them by."""
    held = fetch(
        connection,
        "SELECT * FROM link_rows WHERE start_ns BETWEEN $1 AND $2 AND trace_id IN (SELECT unnest($3::BLOB[])) "
        "ORDER BY place",
        [rows[0]["start_ns"], rows[-1]["start_ns"], sorted({row["trace_id"] for row in rows})],
    )
    found: dict[bytes, list[Document]] = defaultdict(list)
    for link in held:
        found[link["trace_id"] + link["span_id"]].append(_link(link))
    return found


def _link(row: Row) -> Document:
    names = ("destination", "partition", "offset", "message_id", "correlation_id", "message_key", "attributes")
    linked = {"trace_id": row["linked_trace_id"].hex(), "span_id": row["linked_span_id"].hex()}
    return linked | _known((name, row[name]) for name in names)


def _document(row: Row, links: list[Document]) -> Document:
    """Write one span: its ids and times first, then every column that says something."""
    told: Document = {"trace_id": row.pop("trace_id").hex(), "span_id": row.pop("span_id").hex()}
    parent, began, ended = row.pop("parent_span_id"), row.pop("start_ns"), row.pop("end_ns")
    if parent is not None:
        told["parent_span_id"] = parent.hex()
    told |= {"started_at": rfc3339(began), "ended_at": rfc3339(ended), "duration_ms": round((ended - began) / 1e6, 3)}
    return told | _known(row.items()) | ({"links": links} if links else {})


def _known(pairs: Iterable[tuple[str, Any]]) -> Document:
    return {name: value for name, value in pairs if value is not None and value != {}}
