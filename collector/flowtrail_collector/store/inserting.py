"""Inserts Arrow tables with little ado: statements are prepared once for each set of columns.

To register a table anew and to plan an insert into 65 columns takes 3 ms each time, as long as the insert of 500 rows.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb

from flowtrail_collector.store.lookup import HASHED, hash_of

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_STATEMENTS = 64


class Inserter:
    """Inserts into the tables of one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Insert through `connection`, whose owner begins and ends the transactions."""
        self._connection = connection
        self._statements: dict[tuple[str, ...], tuple[_Source, str]] = {}
        self._made = 0

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows; columns that are not given are null."""
        if not rows.num_rows:
            return
        key = (table, *rows.column_names)
        source, name = self._statements.get(key) or self._prepare(key, rows)
        source.rows = rows
        try:
            self._connection.execute(f"EXECUTE {name}")
        finally:
            source.rows = None

    def _prepare(self, key: tuple[str, ...], rows: pa.Table) -> tuple[_Source, str]:
        if len(self._statements) >= _MAX_STATEMENTS:
            self.forget()
        self._made += 1
        name, source = f"insert_{self._made}", _Source()
        source.rows = rows
        table, *names = key
        values = {column: f'"{column}"' for column in names}
        if table == "span_rows":
            values |= {number: hash_of(column) for column, number in HASHED.items() if column in names}
        columns = ", ".join(f'"{column}"' for column in values)
        self._connection.register(f"rows_of_{name}", source)
        self._connection.execute(
            f"PREPARE {name} AS INSERT INTO {table} ({columns}) "
            f"SELECT {', '.join(values.values())} FROM rows_of_{name}",
        )
        self._statements[key] = source, name
        return source, name

    def forget(self) -> None:
        """Prepare every statement anew when it is needed next."""
        for _, name in self._statements.values():
            with suppress(duckdb.Error):
                self._connection.unregister(f"rows_of_{name}")
            with suppress(duckdb.Error):
                self._connection.execute(f"DEALLOCATE {name}")
        self._statements.clear()


class _Source:
    """What a prepared statement reads: whichever table stands here when it runs (Arrow's PyCapsule interface)."""

    rows: pa.Table | None = None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._table().schema.__arrow_c_schema__()

    def _table(self) -> pa.Table:
        if self.rows is None:
            raise RuntimeError("nothing to insert")  # only between two inserts, when nobody reads
        return self.rows
