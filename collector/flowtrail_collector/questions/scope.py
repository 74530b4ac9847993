"""A question's scope: the spans it looks at, and the relations built over them.

A wide scope holds what a window needs, in DuckDB: `evidence` is a temporary table on the question's own cursor; every
relation above it is built once, on demand, as a temporary table that shadows the store's view of the same name.
Dropping the cursor drops them all. A narrow one (`narrow.NarrowScope`) holds what lies around single events.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from flowtrail_collector.questions.relations import BASE, gate_of, mentioned, reads, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Row = dict[str, Any]

_AT_ONCE = 10_000
"""Rows that are turned into Python's values at a time."""

_EMPTY: dict[str, str] = {}
"""The columns of relations that may be left empty (see `gate_of`), as DuckDB first made them."""


class Scope(Protocol):
    """The relations over some spans."""

    cut: bool
    """Whether a causal chain, or what is like an event, goes on beyond what was gathered."""

    def build(self, *names: str) -> None:
        """Build the relations named and all they read."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query over built relations as dicts. It must be SQL that DuckDB and SQLite share."""

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of such a query as they are read, for many rows; ids and lists may not be among the columns.

        Nothing else may be asked before its end.
        """


class WideScope:
    """The relations over those spans of `evidence` that `condition` lets through (SQL over span_rows, values bound)."""

    cut = False

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        condition: str = "TRUE",
        parameters: Mapping[str, Any] | None = None,
        *,
        spans: str = "span_rows",
    ) -> None:
        """Take the spans from the table `spans`."""
        self._connection = connection
        self._built: set[str] = set()
        connection.execute("DROP TABLE IF EXISTS temp.evidence")
        stored = sql_of("evidence").replace("FROM span_rows", f"FROM {spans}")
        connection.execute(f"CREATE TEMP TABLE evidence AS SELECT * FROM ({stored}) AS e WHERE {condition}", parameters)

    @classmethod
    def of_gathered(
        cls,
        connection: duckdb.DuckDBPyConnection,
        runs: Mapping[int, str],
        stretches: Sequence[tuple[str, int, int, int]],
    ) -> WideScope:
        """Return the scope of the spans in the temporary table `gathered` (see gather).

        `runs` puts other `offset_runs` into some of them, by row number; of the offsets of `stretches` (destination,
        partition, first and last) everything is among them.
        """
        if runs:
            connection.execute(_CLIP, [list(runs), list(runs.values())])
        scope = cls(connection, spans="gathered")
        columns = [list(column) for column in zip(*stretches, strict=True)] or [[], [], [], []]
        connection.execute(_STRETCHES, columns)
        scope._built.add("stretches")
        return scope

    def close(self) -> None:
        """Let go of what was built: another scope on this connection begins anew, in the memory that this one held."""
        # (Where a statement failed, the transaction is lost, and with it all that it made.)
        with suppress(duckdb.TransactionException):
            for name in (*self._built, "evidence", "gathered"):
                self._connection.execute(f'DROP TABLE IF EXISTS temp."{name}"')
        self._built.clear()

    def build(self, *names: str) -> None:
        """Build the relations named and all they read; what an empty one would have read is not built for it."""
        for name in names:
            if name in BASE or name in self._built:
                continue
            self._built.add(name)
            gate = gate_of(name)
            if gate is not None and name in _EMPTY and not self._holds(gate):
                self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" ({_EMPTY[name]})')
                continue
            self.build(*reads(name))
            # What an empty one is like is not known yet: its columns are asked for, and nothing is run.
            sql = sql_of(name) if gate is None or self._holds(gate) else f"SELECT * FROM ({sql_of(name)}) AS r LIMIT 0"
            self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS\n{sql}')
            if gate is not None and name not in _EMPTY:
                columns = self._connection.execute(f'DESCRIBE temp."{name}"').fetchall()
                _EMPTY[name] = ", ".join(f'"{column}" {kind}' for column, kind, *_ in columns)

    def _holds(self, gate: str) -> bool:
        """Tell whether the condition holds without which a relation is empty."""
        self.build(*mentioned(gate))
        row = self._connection.execute(f"SELECT {gate}").fetchone()
        return row is None or bool(row[0])

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query over built relations as dicts."""
        return fetch(self._connection, sql, parameters)

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query over built relations as they are read."""
        cursor = self._connection.execute(sql, parameters)
        while batch := cursor.fetchmany(_AT_ONCE):
            yield from batch


def gather(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], rows: Sequence[int], *, more: bool = False
) -> None:
    """Make the temporary table `gathered` of some stored spans, or add `more` to it.

    It holds `row_number` and what `evidence` reads: `columns`, which the narrow engine reads as well, and two more.
    What a question about many events looks at stands all over the file, and is read once.
    """
    named = ", ".join(f'"{column}"' for column in (*columns, "name", "conflicting"))
    into = "INSERT INTO gathered" if more else "CREATE OR REPLACE TEMP TABLE gathered AS"
    connection.execute(f"{into} SELECT rowid AS row_number, {named} FROM span_rows WHERE {_ROWS}", [list(rows)])


_ROWS = "rowid IN (SELECT unnest($1::BIGINT[]))"
_CLIP = """
UPDATE gathered SET offset_runs = r.runs
FROM (SELECT unnest($1::BIGINT[]) AS number, unnest($2::VARCHAR[]) AS runs) AS r
WHERE gathered.row_number = r.number
"""
_STRETCHES = """
CREATE OR REPLACE TEMP TABLE stretches AS
SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
    unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
"""


def fetch(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()
) -> list[Row]:
    """Return the rows of a query as dicts."""
    cursor = connection.execute(sql, parameters) if parameters else connection.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
