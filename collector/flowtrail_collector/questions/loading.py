"""What a narrow scope is loaded with: some spans, and what the store knows of their links, instances and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.narrow import quoted, relations, table_columns
from flowtrail_collector.questions.relations import sql_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from flowtrail_collector.questions.narrow import Loaded, Table

_LINKED_TO = "trace_id IN (SELECT unnest($1::BLOB[])) OR linked_trace_id IN (SELECT unnest($1::BLOB[]))"
_AT_DESTINATIONS = "destination IN (SELECT unnest($1::VARCHAR[]))"
_TELLING = """
    destination IN (SELECT unnest($1::VARCHAR[]))
    OR coalesce(instance, 'service ' || service) IN (
        SELECT unnest($2::VARCHAR[])
        UNION ALL
        SELECT coalesce(instance, 'service ' || service) FROM ledger_rows
        WHERE destination IN (SELECT unnest($1::VARCHAR[]))
            AND operation IN ('receive', 'process', 'settle', 'assign', 'revoke'))
"""
"""All that was told of these destinations, and by these instances, and by whoever ever read these destinations."""


def load(
    connection: duckdb.DuckDBPyConnection,
    spans: Sequence[Sequence[Any]],
    stretches: Sequence[tuple[str, int, int, int]] | None = None,
) -> Loaded:
    """Return the tables of a narrow scope over `spans`, rows of span_rows as `table_columns` orders them.

    `stretches` (destination, partition, first and last offset) say of which offsets everything was gathered; None: of
    all.
    """
    columns = table_columns("span_rows")
    held = {name: {row[place] for row in spans} for place, name in enumerate(columns) if name in _ASKED}
    destinations = sorted(held["destination"] - {None})
    named = columns.index("instance"), columns.index("service")
    instances = sorted({row[named[0]] or f"service {row[named[1]]}" for row in spans})
    ledger = _table(connection, "ledger_rows", _TELLING, [destinations, instances])
    holes = _relation(connection, "holes", "who IN (SELECT unnest($1::VARCHAR[]))", [_tellers(ledger)])
    return {
        "span_rows": (columns, spans),
        "link_rows": _table(connection, "link_rows", _LINKED_TO, [sorted(held["trace_id"])]),
        "ledger_rows": ledger,
        "as_of": _relation(connection, "as_of"),
        "stretches": (
            _relation(connection, "stretches")
            if stretches is None
            else (["destination", "partition", "low", "high"], stretches)
        ),
        **{name: _relation(connection, name, _AT_DESTINATIONS, [destinations]) for name in _OF_THE_BROKER},
        "holes": holes,
        "clock_deltas": (
            _relation(connection, "clock_deltas")
            if stretches is None or holes[1] or _clocks_matter(columns, spans)
            else (list(relations()["clock_deltas"].columns), [])
        ),
    }


_OF_THE_BROKER = ("committed_positions", "log_starts", "topic_policies", "sampled_owners")
_ASKED = frozenset({"trace_id", "destination"})


def _clocks_matter(columns: Sequence[str], spans: Sequence[Sequence[Any]]) -> bool:
    """Tell whether a group has members on several hosts: only then are moments of two clocks compared.

    To look through the store for how far clocks may be apart takes as long as all the rest.
    """
    group, service, host = (columns.index(name) for name in ("consumer_group", "service", "host"))
    hosts: dict[str, set[str]] = {}
    for row in spans:
        hosts.setdefault(row[group] or row[service], set()).add(row[host])
    return any(len(of_group) > 1 for of_group in hosts.values())


def _tellers(ledger: Table) -> list[str]:
    """Return the instances of a ledger as relations know them (`who`)."""
    columns, rows = ledger
    instance, service = columns.index("instance"), columns.index("service")
    return sorted({row[instance] or f"service {row[service]}" for row in rows})


def _table(connection: duckdb.DuckDBPyConnection, name: str, condition: str, parameters: Sequence[Any]) -> Table:
    columns = table_columns(name)
    found = connection.execute(f"SELECT {quoted(columns)} FROM {name} WHERE {condition}", parameters)
    return columns, found.fetchall()


def _relation(
    connection: duckdb.DuckDBPyConnection, name: str, condition: str = "TRUE", parameters: Sequence[Any] = ()
) -> Table:
    found = connection.execute(f"SELECT * FROM ({sql_of(name)}) AS r WHERE {condition}", parameters)
    return [column[0] for column in found.description or ()], found.fetchall()
