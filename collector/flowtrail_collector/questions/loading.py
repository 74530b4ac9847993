"""What a narrow scope is loaded with: some spans, and what the store knows of their links, instances and groups."""

from __future__ import annotations

from collections import Counter
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
    # To plan a query takes two milliseconds, rows or none: what is known to be empty is not asked for.
    watched = connection.execute(_WATCHED).fetchone() is not None
    hiding = _relation(connection, "hiding")
    incomplete = sorted({*_incomplete(ledger), *_values(hiding, "who", "numbered")})
    hosts = (_values(ledger, "host") | _values(hiding, "host")) - {None}
    of_who = "who IN (SELECT unnest($1::VARCHAR[]))"
    of_broker = {
        name: _relation(connection, name, _AT_DESTINATIONS, [destinations]) if watched else _empty(name)
        for name in _OF_THE_BROKER
    }
    # Of who was away it speaks only where somebody came before and after.
    away = len(_values(of_broker["sampled_owners"], "absences")) > 1
    return {
        "span_rows": (columns, spans),
        "link_rows": _table(connection, "link_rows", _LINKED_TO, [sorted(held["trace_id"])]),
        "ledger_rows": ledger,
        "declared": _relation(connection, "declared"),
        "hiding": hiding,
        "as_of": _relation(connection, "as_of"),
        "stretches": (
            _relation(connection, "stretches")
            if stretches is None
            else (["destination", "partition", "low", "high"], stretches)
        ),
        **of_broker,
        "sampled_resets": (
            _relation(connection, "sampled_resets", _AT_DESTINATIONS, [destinations])
            if away
            else _empty("sampled_resets")
        ),
        "holes": _relation(connection, "holes", of_who, [incomplete]) if incomplete else _empty("holes"),
        "clock_steps": _relation(connection, "clock_steps"),
        "clock_deltas": (
            _relation(connection, "clock_deltas") if stretches is None or len(hosts) > 1 else _empty("clock_deltas")
        ),
    }


_WATCHED = " UNION ALL ".join(
    f"(SELECT 1 FROM broker_{what}_rows LIMIT 1)" for what in ("partition", "position", "member", "topic")
)
_OF_THE_BROKER = ("committed_positions", "log_starts", "topic_policies", "sampled_owners")
_ASKED = frozenset({"trace_id", "destination"})


def _values(table: Table, column: str, where: str | None = None) -> set[Any]:
    """Return the values of a column, of all rows or of those in which the column `where` is true."""
    columns, rows = table
    place = columns.index(column)
    told = rows if where is None else [row for row in rows if row[columns.index(where)]]
    return {row[place] for row in told}


def _empty(name: str) -> Table:
    return list(relations()[name].columns), []


def _incomplete(ledger: Table) -> list[str]:
    """Return the numbered instances, as relations know them (`who`), of which some span did not arrive."""
    columns, rows = ledger
    instance, service, numbered, last = (
        columns.index(name) for name in ("instance", "service", "numbered", "last_number")
    )
    arrived: Counter[str] = Counter()
    highest: dict[str, int] = {}
    for row in rows:
        who = row[instance] or f"service {row[service]}"
        arrived[who] += row[numbered]
        highest[who] = max(highest.get(who, 0), row[last] or 0)
    return sorted(who for who, number in highest.items() if arrived[who] < number)


def _table(connection: duckdb.DuckDBPyConnection, name: str, condition: str, parameters: Sequence[Any]) -> Table:
    columns = table_columns(name)
    found = connection.execute(f"SELECT {quoted(columns)} FROM {name} WHERE {condition}", parameters)
    return columns, found.fetchall()


def _relation(
    connection: duckdb.DuckDBPyConnection, name: str, condition: str = "TRUE", parameters: Sequence[Any] = ()
) -> Table:
    found = connection.execute(f"SELECT * FROM ({sql_of(name)}) AS r WHERE {condition}", parameters)
    return [column[0] for column in found.description or ()], found.fetchall()
