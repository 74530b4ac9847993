"""The tables of a store, and the stamp by which a store of ours is known."""

from __future__ import annotations

import time
from importlib import metadata, resources
from typing import TYPE_CHECKING, Final

from flowtrail_collector.errors import StoreRefused
from flowtrail_collector.questions.views import create_views
from flowtrail_collector.store.declaring import shadow, table_sql

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

PROGRAM = "flowtrail"
SCHEMA_VERSION = 6
WITHOUT_DECLARATIONS = 3
"""The version before `declaration_rows`."""
WITHOUT_SAMPLING = 4
"""The version before the columns of ADDED."""
WITHOUT_MARKS = 5
"""The version before `mark_rows`."""
OLDER: Final = (WITHOUT_DECLARATIONS, WITHOUT_SAMPLING, WITHOUT_MARKS)
"""Versions that are read as they are, and brought up to date where they are written."""
ADDED: Final = {
    "span_rows": {"sampling": "DOUBLE", "content_type": "VARCHAR", "event_version": "VARCHAR"},
    "ledger_rows": {"told_sampling": "BIGINT", "stand_for": "BIGINT"},
    "number_rows": {"begun_ns": "BIGINT", "ended_ns": "BIGINT", "stepped": "BOOLEAN"},
}
"""Columns that tables lack up to WITHOUT_SAMPLING. Of what is stored already nothing is known in them."""


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, views and stamp of an empty database, all or nothing."""
    tables = resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    connection.execute("BEGIN")
    connection.execute(tables)
    connection.execute(table_sql())
    connection.execute(_marks_sql())
    connection.execute(
        "INSERT INTO store_info VALUES (?, ?, ?, ?)",
        [PROGRAM, SCHEMA_VERSION, time.time_ns(), metadata.version("flowtrail")],
    )
    create_views(connection)
    connection.execute("COMMIT")


def upgrade(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring a store of an older version up to date, all or nothing; its spans stay as they are."""
    connection.execute("BEGIN")
    version = _version(connection)
    if version == WITHOUT_DECLARATIONS:
        connection.execute(table_sql())
    connection.execute(_marks_sql())
    for table, columns in _added(version).items():
        for column, kind in columns.items():
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    create_views(connection)
    connection.execute("UPDATE store_info SET schema_version = ?", [SCHEMA_VERSION])
    connection.execute("COMMIT")


def is_outdated(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the store is of an older version."""
    return _version(connection) in OLDER


def complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Put before the tables of an older version, on this connection, what questions expect of ours."""
    version = _version(connection)
    if version == WITHOUT_DECLARATIONS:
        shadow(connection, ())
    connection.execute(_marks_sql().replace("CREATE TABLE", "CREATE TEMP TABLE"))
    (database,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    for table, columns in _added(version).items():
        added = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT *, {added}, rowid FROM {database}.main.{table}")


def is_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether nothing was ever created there: a start that was killed before its first commit leaves that."""
    return _one(connection, "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()") == 0


def check(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise StoreRefused unless the database bears our stamp, of this version or an older one that is read."""
    stamped = (
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'store_info'"
    )
    if _one(connection, stamped) == 0:
        raise StoreRefused(
            f"{path} is a DuckDB file of another program, not a flowtrail store; name another file for the store",
        )
    try:
        row = connection.execute("SELECT program, schema_version, created_by FROM store_info").fetchone()
    except Exception as unlike:
        raise StoreRefused(f"{path} has a store_info table, but not flowtrail's; name another file") from unlike
    if row is None or row[0] != PROGRAM:
        raise StoreRefused(
            f"{path} was made by {row[0] if row else 'nobody known'}, not by flowtrail; name another file"
        )
    if row[1] not in (SCHEMA_VERSION, *OLDER):
        raise StoreRefused(
            f"{path} has schema version {row[1]} (made by flowtrail {row[2]}); this is flowtrail "
            f"{metadata.version('flowtrail')}, which reads and writes version {SCHEMA_VERSION}. Open it with the "
            "flowtrail that made it, or name another file and import the telemetry again",
        )


def _marks_sql() -> str:
    return resources.files(__package__).joinpath("marks.sql").read_text(encoding="utf-8")


def _added(version: int) -> dict[str, dict[str, str]]:
    """Return the columns that tables of an older version lack."""
    return ADDED if version <= WITHOUT_SAMPLING else {}


def _version(connection: duckdb.DuckDBPyConnection) -> int:
    return _one(connection, "SELECT schema_version FROM store_info")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
