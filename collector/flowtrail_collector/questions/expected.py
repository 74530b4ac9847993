"""`expected`: which of the groups that should read a destination were seen there."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.questions.documents import head
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.questions.status import coverage
from flowtrail_collector.questions.views import view_sql
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

Document = dict[str, Any]
Pair = tuple[str, str]
"""A destination and a group."""


def parse_expectation(text: str) -> Pair:
    """Read `DESTINATION=GROUP`. Raises UsageError."""
    destination, equals, group = text.partition("=")
    if not (destination.strip() and equals and group.strip()):
        raise UsageError(f"expected DESTINATION=GROUP, as in orders=payment, not {text!r}")
    return destination, group


def expected(connection: duckdb.DuckDBPyConnection, more: Sequence[Pair] = ()) -> Document:
    """Return `flowtrail.expected/1`: of every declared group, and of each pair of `more`, whether it was ever seen.

    `seen`     it was handed something there, settled or owned it, or the broker knows its committed position
    `missing`  something is known of the destination, and nothing at all of the group
    `unknown`  `telemetry gap`, `sampled`: an instance that is dark may be the group, or may have been; `no such
               destination`: nothing is known of it
    """
    declared = fetch(
        connection, "SELECT DISTINCT destination, consumer_group FROM declaration_rows WHERE kind = 'group'"
    )
    own = {(row["destination"], row["consumer_group"]) for row in declared}
    seen = {(row["destination"], row["grp"]): row["last_ns"] for row in fetch(connection, view_sql("seen_groups"))}
    known = {row["destination"] for row in fetch(connection, _KNOWN)} | {destination for destination, _ in seen}
    hiding = fetch(connection, view_sql("hiding"))
    gap = ("sampled" if any(row["sampled"] for row in hiding) else "telemetry gap") if hiding else None
    document = head(connection, "flowtrail.expected/1")
    document["coverage"] = coverage(connection)
    document["rows"] = [
        {"destination": pair[0], "group": pair[1], "declared": pair in own}
        | _answer(pair, seen, known, gap)
        | {"last_at": rfc3339_or_none(seen.get(pair))}
        for pair in [*sorted(own), *dict.fromkeys(pair for pair in more if pair not in own)]
    ]
    return document


_KNOWN = "SELECT DISTINCT destination FROM ledger_rows WHERE destination IS NOT NULL"


def _answer(pair: Pair, seen: dict[Pair, int], known: set[str], gap: str | None) -> Document:
    destination, group = pair
    others = sorted(name for where, name in seen if where == destination)
    if pair in seen:
        return {"answer": "seen", "reason": None, "near": []}
    if destination not in known:
        near = difflib.get_close_matches(destination, sorted(known), n=1)
        return {"answer": "unknown", "reason": "no such destination", "near": near}
    near = difflib.get_close_matches(group, others, n=1)
    if gap is not None:
        return {"answer": "unknown", "reason": gap, "near": near}
    return {"answer": "missing", "reason": None, "near": near}
