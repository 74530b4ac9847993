"""Where to look: the events of a window about which anything could be found.

Nearly all events of a healthy system were sent once, handed to each group once, and dealt with in their turn. To
judge each of them takes forty microseconds a span; to see that there is nothing to judge takes one. So before a large
window is judged, queries over plain columns pick the events for which some finding's *necessary* condition holds
(`sql/suspects_*.sql`, each with the findings it is necessary for). What is picked may be innocent, what is not picked
is: only what lies around the picked ones is judged, by the same relations as ever, and tests hold the findings to those
from judging everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowtrail_collector.questions import lanes, logs, reads
from flowtrail_collector.questions.ranges import merged
from flowtrail_collector.questions.relations import sql_of

if TYPE_CHECKING:
    import duckdb

LEVELS = 64
"""Steps along causal chains that are counted; a chain that goes on is suspected for that alone."""


@dataclass(slots=True)
class Suspects:
    """Events that are looked at closely."""

    ids: set[str] = field(default_factory=set)
    """Message ids."""
    traces: set[bytes] = field(default_factory=set)
    """Traces of spans that name neither a message nor a record."""
    ranges: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Records: destination, partition, first and last offset."""
    chained: set[str] = field(default_factory=set)
    """Message ids (or records as text) of large causal chains and of equal contents, with all that belongs to them."""
    shaped: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Records with which a schema came up."""

    def size(self) -> int:
        """Return how many events these are at most."""
        records = sum(high - low + 1 for _, _, low, high in (*self.ranges, *self.shaped))
        return len(self.ids) + len(self.traces) + len(self.chained) + records


def suspects(connection: duckdb.DuckDBPyConnection, spans: str, most: int) -> Suspects | None:
    """Return the suspects among the rows of the view or table `spans`; None where there are more than `most`.

    Leaves temporary views and small tables on the connection.
    """
    found = _picked(connection, spans, most)
    for name in _LARGE:
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
    return found


def _picked(connection: duckdb.DuckDBPyConnection, spans: str, most: int) -> Suspects | None:
    _look(connection, spans)
    found = Suspects()
    for message_id, trace_id, *places in connection.execute(sql_of("suspects_told")).fetchall():
        if message_id is not None:
            found.ids.add(message_id)
        else:
            found.traces.add(trace_id)
        for destination, partition, offset in (places[:3], places[3:]):
            if destination is not None and partition is not None and offset is not None:
                found.ranges.append((destination, partition, offset, offset))
        if found.size() > most:
            return None
    found.ids |= logs.sent_again(connection)
    found.ranges += logs.odd_records(connection)
    found.ranges = merged(found.ranges)
    if found.size() > most:
        return None
    lanes.mark(connection)
    reads.survey(connection)
    found.ranges += connection.execute(sql_of("suspects_reads")).fetchall()
    found.ranges = merged(found.ranges)
    if found.size() > most:
        return None
    if _any(connection, "number IS NULL AND operation IN ('send', 'create', 'process', 'receive')"):
        found.traces |= {trace for (trace,) in connection.execute(sql_of("suspects_ties")).fetchall()}
    if _any(connection, "payload_digest IS NOT NULL"):
        found.chained |= _texts(connection, "suspects_contents")
    if _any(connection, "schema_id IS NOT NULL OR content_type IS NOT NULL OR event_version IS NOT NULL"):
        found.shaped = connection.execute(sql_of("suspects_schemas")).fetchall()
    _follow(connection, found)
    return None if found.size() > most else found


def _look(connection: duckdb.DuckDBPyConnection, spans: str) -> None:
    """Make what the queries read.

    `looked` are the window's spans, `processed` its processings and `received` its receives, one row a record; `told`
    are the receives and all that tells of positions.
    """
    for name in ("one_group", "group_members", "committed_positions", "log_starts", "declared", "limits"):
        connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS\n{sql_of(name)}')
    connection.execute(f"CREATE OR REPLACE TEMP VIEW looked AS {_LOOKED.format(spans=spans)}")
    # (To join every span with the groups of services costs as much as to read it.)
    grouped = _GROUPED if connection.execute(_NAMELESS).fetchone() is not None else _NAMED
    connection.execute(f"CREATE OR REPLACE TEMP VIEW reading AS {grouped}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE told AS {_TOLD}")
    linked = connection.execute('SELECT 1 FROM link_rows WHERE "offset" IS NOT NULL LIMIT 1').fetchone() is not None
    for view, plain, more in (("processed", _PROCESSED, _LINKED_PROCESSED), ("received", _RECEIVED, _LINKED_RECEIVED)):
        sql = f"{plain} UNION ALL {more}" if linked else plain
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {sql}")


def _follow(connection: duckdb.DuckDBPyConnection, found: Suspects) -> None:
    """Add the events of causal chains that are large, that go in circles, or that a group began the other way round."""
    connection.execute("CREATE OR REPLACE TEMP TABLE edges (effect VARCHAR, cause VARCHAR)")
    if _any(connection, _LED) or connection.execute("SELECT 1 FROM link_rows LIMIT 1").fetchone() is not None:
        connection.execute(f"INSERT INTO edges SELECT * FROM ({sql_of('suspects_edges')}) AS e WHERE cause <> effect")
    if connection.execute("SELECT 1 FROM edges LIMIT 1").fetchone() is not None:
        found.chained |= _large(connection)
    if connection.execute("SELECT 1 FROM declared WHERE kind = 'cause' LIMIT 1").fetchone() is not None:
        connection.execute(f"INSERT INTO edges {sql_of('suspects_ruled')}")
    if connection.execute("SELECT 1 FROM edges LIMIT 1").fetchone() is not None:
        for name in ("clock_deltas", "clock_bounds"):
            connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS\n{sql_of(name)}')
        found.ids |= _texts(connection, "suspects_inverted")


def _large(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the events that caused more than a storm's limit, or whose causes passed their way as often as a loop."""
    connection.execute(_WAYS)
    connection.execute("CREATE OR REPLACE TEMP TABLE pairs AS SELECT DISTINCT effect, cause FROM edges")
    connection.execute("CREATE OR REPLACE TEMP TABLE descended AS SELECT * FROM pairs")
    for _ in range(LEVELS):
        # What is known already is not followed again: ids may be used twice, and causes go in circles.
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE pairs AS
            SELECT DISTINCT p.effect, e.cause
            FROM pairs AS p
            JOIN edges AS e ON e.effect = p.cause
            WHERE NOT EXISTS (SELECT 1 FROM descended AS d WHERE d.effect = p.effect AND d.cause = e.cause)
            """
        )
        if connection.execute("SELECT 1 FROM pairs LIMIT 1").fetchone() is None:
            break
        connection.execute("INSERT INTO descended SELECT * FROM pairs")
    deep = _column(connection, "SELECT DISTINCT cause FROM pairs")
    storms = _column(
        connection, "SELECT cause FROM descended GROUP BY cause HAVING count(*) > (SELECT storm FROM limits)"
    )
    loops = _column(connection, _PASSED_OFTEN)
    return deep | storms | loops


def _texts(connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    return _column(connection, sql_of(name))


def _column(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    return {value for (value,) in connection.execute(sql).fetchall() if value is not None}


def _any(connection: duckdb.DuckDBPyConnection, condition: str) -> bool:
    return connection.execute(f"SELECT 1 FROM looked WHERE {condition} LIMIT 1").fetchone() is not None


_LARGE = (
    *("told", "marks", "receives", "islands", "own_runs", "handed_twice", "returned"),
    *("edges", "pairs", "descended", "ways"),
)
"""Tables that picking makes, and whose memory what is picked is judged in."""
_LED = """
(operation IN ('send', 'create') AND (causation_id IS NOT NULL OR parent_span_id IS NOT NULL))
OR (operation = 'process' AND causation_id IS NOT NULL)
"""
_LOOKED = """
SELECT
    e.trace_id, e.span_id, e.parent_span_id, e.start_ns, e.end_ns, e.status, e.number, e.operation, e.destination,
    e."partition", e."offset", e.offset_last, e.offset_runs, e.message_id, e.message_hash, e.correlation_id,
    e.causation_id, e.event_type, e.message_key, e.service, e.instance, e.host, e.producer_epoch, e.producer_seq,
    e.publish_outcome, e.outcome_inferred, e.generation, e."position", e.position_reason, e.origin_destination,
    e.origin_partition, e.origin_offset, e.payload_digest, e.schema_id, e.content_type, e.event_version,
    e.consumer_group, coalesce(e.instance, 'service ' || e.service) AS who
FROM {spans} AS e
"""
_READING = "operation IN ('receive', 'process', 'settle', 'assign', 'revoke')"
_NAMED = f"SELECT *, coalesce(consumer_group, service) AS grp FROM looked WHERE {_READING}"
_GROUPED = f"""
SELECT s.*, coalesce(s.consumer_group, g.grp, s.service) AS grp
FROM looked AS s
LEFT JOIN one_group AS g ON g.service = s.service AND g.destination = s.destination
WHERE s.{_READING}
"""
_NAMELESS = f"""
SELECT 1
FROM ledger_rows AS l
JOIN one_group AS g ON g.service = l.service AND g.destination = l.destination
WHERE l.consumer_group IS NULL AND l.{_READING}
LIMIT 1
"""
_TOLD = """
SELECT trace_id, span_id, operation, grp, destination, "partition", who, "offset", offset_last, offset_runs, start_ns,
    end_ns, status, number, generation, "position", position_reason
FROM reading
WHERE operation <> 'process'
"""
_PROCESSED = """
SELECT grp, destination, "partition", who, host, instance, "offset", start_ns, end_ns, number, message_id,
    number IS NOT NULL AND NOT coalesce(outcome_inferred, FALSE) AS stated
FROM reading
WHERE operation = 'process' AND "offset" IS NOT NULL AND "partition" IS NOT NULL
"""
_LINKED_PROCESSED = """
SELECT p.grp, p.destination, coalesce(l."partition", p."partition"), p.who, p.host, p.instance, l."offset", p.start_ns,
    p.end_ns, p.number, l.message_id, FALSE
FROM link_rows AS l
JOIN reading AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id
WHERE p.operation = 'process' AND p."offset" IS NULL AND l."offset" IS NOT NULL
"""
_RECEIVED = """
SELECT grp, destination, "partition", who, "offset", offset_last, offset_runs, start_ns, end_ns, number, generation
FROM told
WHERE operation = 'receive' AND "offset" IS NOT NULL AND "partition" IS NOT NULL
"""
_LINKED_RECEIVED = """
SELECT p.grp, p.destination, coalesce(l."partition", p."partition"), p.who, l."offset", NULL, NULL, p.start_ns,
    p.end_ns, p.number, p.generation
FROM link_rows AS l
JOIN told AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id
WHERE p.operation = 'receive' AND p."offset" IS NULL AND l."offset" IS NOT NULL
"""
_WAYS = """
CREATE OR REPLACE TEMP TABLE ways AS
SELECT coalesce(message_id, destination || ':' || "partition" || ':' || "offset") AS event, min(service) AS service,
    min(destination) AS destination, min(event_type) AS event_type
FROM looked
WHERE operation IN ('send', 'create')
GROUP BY coalesce(message_id, destination || ':' || "partition" || ':' || "offset")
"""
_PASSED_OFTEN = """
WITH going AS MATERIALIZED (
    -- (By itself: the engine would begin with every two events that went the same way.)
    SELECT p.effect, p.cause, w.service, w.destination, w.event_type
    FROM descended AS p
    JOIN ways AS w ON w.event = p.effect
),
passed AS MATERIALIZED (
    SELECT g.effect,
        b.service IS NOT DISTINCT FROM g.service AND b.destination = g.destination
            AND b.event_type IS NOT DISTINCT FROM g.event_type AS same
    FROM going AS g
    JOIN ways AS b ON b.event = g.cause
)
SELECT effect
FROM passed
WHERE same
GROUP BY effect
HAVING count(*) >= (SELECT loop FROM limits)
"""
