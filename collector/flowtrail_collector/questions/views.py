"""The views of a store: the public relations, over everything stored.

A view names the relations it reads as materialised common table expressions of its own. Views over views would be
expanded at every mention, and their plans grow exponentially with the depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_collector.questions.relations import PUBLIC, needed, sql_of

if TYPE_CHECKING:
    import duckdb


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create or replace every public view. The tables of store/schema.sql must exist."""
    for name in PUBLIC:
        connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS\n{view_sql(name)}')


def view_sql(name: str) -> str:
    """Return the SELECT of a view that stands alone: the relation, with all it reads inside."""
    below = [other for other in needed((name,)) if other != name]
    if not below:
        return sql_of(name)
    parts = ",\n".join(f"{other} AS MATERIALIZED (\n{sql_of(other)}\n)" for other in below)
    return f"WITH {parts}\nSELECT * FROM (\n{sql_of(name)}\n) AS {name}"
