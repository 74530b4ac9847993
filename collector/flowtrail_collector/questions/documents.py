"""Pieces of the JSON documents of the contract, made from rows: findings, evidence ids, the head that all share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import KINDS
from flowtrail_collector.questions.relations import FINDINGS, sql_of
from flowtrail_collector.questions.scope import Scope, fetch
from flowtrail_collector.window import rfc3339, rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import duckdb

    from flowtrail_collector.questions.scope import Row

Document = dict[str, Any]

SEVERITIES = ("error", "warning", "info")

_FINDING_COLUMNS = (
    'kind, severity, reason, system, destination, "partition", offsets, "group", producer, instance, message_ids, '
    "count, first_ns, last_ns, grade, evidence, summary, event"
)


def evidence_id(ref: bytes) -> str:
    """Write a span's reference as `<trace id>/<span id>` in hex."""
    return f"{ref[:16].hex()}/{ref[16:].hex()}"


def evidence_ids(refs: Iterable[bytes | None] | None) -> list[str]:
    """Write references in a fixed order, each once."""
    return [evidence_id(ref) for ref in sorted({ref for ref in refs or () if ref})]


def finding_rows(scope: Scope, kinds: Collection[str] | None = None) -> list[Row]:
    """Return the rows of every finding in the scope, or of those of some kinds, gravest and newest first."""
    names = [name for name in FINDINGS if kinds is None or kinds_of(name).intersection(kinds)]
    if not names:
        return []
    scope.build(*names)
    union = " UNION ALL ".join(f"SELECT {_FINDING_COLUMNS} FROM {name}" for name in names)
    rows = [row for row in scope.rows(union) if kinds is None or row["kind"] in kinds]
    rows.sort(key=finding_order)
    return rows


@cache
def kinds_of(name: str) -> frozenset[str]:
    """Return the kinds of finding that a relation may hold: those that its SQL names."""
    return frozenset(kind for kind in KINDS if f"'{kind}'" in sql_of(name))


def finding(row: Row) -> Document:
    """Return a finding as the contract writes it."""
    return {
        "kind": row["kind"],
        "severity": row["severity"],
        "reason": row["reason"],
        "system": row["system"],
        "destination": row["destination"],
        "partition": row["partition"],
        "offsets": list(row["offsets"] or ()),
        "group": row["group"],
        "producer": row["producer"],
        "instance": row["instance"],
        "message_ids": list(row["message_ids"] or ()),
        "count": int(row["count"]),
        "first_at": rfc3339_or_none(row["first_ns"]),
        "last_at": rfc3339_or_none(row["last_ns"]),
        "grade": row["grade"],
        "summary": row["summary"],
        "evidence": evidence_ids(row["evidence"]),
    }


def head(connection: duckdb.DuckDBPyConnection, schema: str) -> Document:
    """Return what every answer begins with: its schema and the watermark."""
    row = fetch(connection, "SELECT as_of_ns FROM as_of")[0]
    return {"schema": schema, "as_of": rfc3339(row["as_of_ns"])}


def coverage(scope: Scope) -> float | None:
    """Return the share of the spans that numbered instances recorded and that arrived; None where none is numbered."""
    scope.build("instances")
    row = scope.rows("SELECT sum(received) AS received, sum(expected) AS expected FROM instances WHERE numbered")[0]
    if not row["expected"]:
        return None
    return round(int(row["received"]) / int(row["expected"]), 4)


def finding_order(row: Row) -> tuple[Any, ...]:
    """Return the key by which findings are sorted: gravest and newest first."""
    return (
        SEVERITIES.index(row["severity"]),
        -row["last_ns"],
        row["kind"],
        row["destination"] or "",
        row["partition"] or 0,
        list(row["offsets"] or ()),
        row["group"] or "",
        list(row["message_ids"] or ()),
        row["instance"] or "",
    )
