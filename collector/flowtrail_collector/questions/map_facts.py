"""What spans tell of who publishes where, who consumes what, how long that waits, and which sends were caused by what.

Each fact is a statement of its own (`sql/map_*.sql`) that sums up a few columns of the window's spans: the relations
that single events are judged by cost some thirty times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import fetch

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.window import Window

Row = dict[str, Any]

MARGIN_NS = 600 * 10**9
"""A processing that caused one of the window's sends may have begun this long before it."""
_FOREVER_NS = 2**63 - 1
_TABLES = (
    *("declared", "one_group", "group_members", "clock_deltas", "clock_bounds"),
    *("map_repeated", "map_touched", "map_sent", "map_begun", "map_effects"),
)
"""Each a temporary table, so that what does not fit into memory is spilled."""
_INSTRUMENTED = """
    SELECT DISTINCT system, destination, grp FROM group_members WHERE operation IN ('receive', 'process')
"""
_ROLES = """
    WITH placed AS (
        SELECT DISTINCT destination FROM ledger_rows WHERE destination IS NOT NULL
        UNION SELECT DISTINCT destination FROM broker_partition_rows
    )
    SELECT * FROM ({roles}) AS named
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the window: rows as the statements of the same names give them."""

    began_ns: int | None
    """When its first span began; None where it holds none."""
    published: list[Row]
    consumed: list[Row]
    waits: list[Row]
    caused: list[Row]
    partitions: list[Row]
    roles: dict[str, Row]
    """What each destination is for, by its name."""
    instrumented: frozenset[tuple[str | None, str, str]]
    """The groups (system, destination, group) whose reading is traced: of them no span means nothing was read."""


def gather(connection: duckdb.DuckDBPyConnection, window: Window) -> Facts:
    """Read what is known of the window."""
    values = {
        "since": 0 if window.since_ns is None else window.since_ns,
        "until": _FOREVER_NS if window.until_ns is None else window.until_ns,
        "margin": 0 if window.since_ns is None else MARGIN_NS,
    }
    connection.execute(f"CREATE OR REPLACE TEMP VIEW latency_seen AS {sql_of('latency_seen')}")
    for name in _TABLES:
        text = sql_of(name)
        connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS\n{text}', _used(text, values))
    return Facts(
        began_ns=_rows(connection, "map_began", values)[0]["first_ns"],
        published=_rows(connection, "map_published", values),
        consumed=_rows(connection, "map_consumed", values),
        waits=_rows(connection, "map_waits", values),
        caused=_rows(connection, "map_caused", values),
        partitions=_rows(connection, "map_partitions", values),
        roles={row["destination"]: row for row in fetch(connection, _ROLES.format(roles=sql_of("roles")))},
        instrumented=frozenset(
            (row["system"], row["destination"], row["grp"]) for row in fetch(connection, _INSTRUMENTED)
        ),
    )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, int]) -> list[Row]:
    text = sql_of(name)
    return fetch(connection, text, _used(text, values))


def _used(text: str, values: dict[str, int]) -> dict[str, int]:
    return {key: value for key, value in values.items() if f"${key}" in text}
