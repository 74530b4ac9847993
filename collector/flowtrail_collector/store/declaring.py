"""Declarations in a store: kept by its collector, or put before a question for its time."""

from __future__ import annotations

from dataclasses import astuple
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from flowtrail_collector.declarations import Declaration


@cache
def table_sql() -> str:
    """Return the statement that makes `declaration_rows`."""
    return resources.files(__package__).joinpath("declarations.sql").read_text(encoding="utf-8")


def keep(connection: duckdb.DuckDBPyConnection, declarations: Iterable[Declaration]) -> None:
    """Let the store hold these declarations and no others; inside the writer's transaction."""
    connection.execute("DELETE FROM declaration_rows")
    _insert(connection, declarations)


def shadow(connection: duckdb.DuckDBPyConnection, declarations: Iterable[Declaration]) -> None:
    """Let what is asked on this connection rest on these declarations, whatever the store holds."""
    connection.execute(table_sql().replace("CREATE TABLE", "CREATE OR REPLACE TEMP TABLE"))
    _insert(connection, declarations)


def kept(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many declarations hold on this connection."""
    row = connection.execute("SELECT count(*) FROM declaration_rows").fetchone()
    return int(row[0]) if row else 0


def _insert(connection: duckdb.DuckDBPyConnection, declarations: Iterable[Declaration]) -> None:
    rows = [list(astuple(declaration)) for declaration in declarations]
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO declaration_rows VALUES ({marks})", rows)
