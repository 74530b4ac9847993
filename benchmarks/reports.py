"""What the reports on order and on duplicates cost over a whole store, beside one query written by hand for each.

The store is that of `ask.py`, with some trouble in it: every 5,000 records of a partition two sends changed places, one
record is handled concurrently with those behind it, and one is handled twice. The query by hand looks at the same spans
and finds the same, but knows of no first copies, no sequences of reading, no missing telemetry and no other
instrumentation. Each runs in a process of its own: CPU, time and the most memory it held.

    uv run python benchmarks/reports.py [--spans 1000000] [--store FILE] [--quick]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from ask import PARTITIONS, SPANS_AN_EVENT, build

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

EVERY = 5_000
"""Records of a partition from one trouble to the next."""
BY_HAND = {
    "order": """
        WITH arrivals AS (
            SELECT 'log' AS scope, destination, "partition", service AS party, instance, producer_seq AS s,
                "offset" AS i
            FROM span_rows
            WHERE operation = 'send' AND publish_outcome = 'acked'
            UNION ALL
            SELECT 'completion', destination, "partition", consumer_group, instance, "offset", end_ns
            FROM span_rows
            WHERE operation = 'process'
        ),
        ahead AS (
            SELECT *, max(s) OVER (
                PARTITION BY scope, party, destination, "partition", instance ORDER BY i
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS furthest
            FROM arrivals
        )
        SELECT scope, destination, "partition", party, count(*), count(*) FILTER (WHERE s < furthest)
        FROM ahead
        GROUP BY ALL
    """,
    "duplicates": """
        SELECT consumer_group, destination, "partition", "offset", count(*) AS times, min(start_ns), max(end_ns)
        FROM span_rows
        WHERE operation = 'process'
        GROUP BY ALL
        HAVING times > 1
        UNION ALL
        SELECT service, destination, NULL, NULL, count(*), min(start_ns), max(end_ns)
        FROM span_rows
        WHERE operation = 'send'
        GROUP BY service, destination, message_id
        HAVING count(*) > 1
    """,
}


class Cost(NamedTuple):
    """What one process took."""

    cpu_s: float
    wall_s: float
    rss_mb: float


def trouble(connection: duckdb.DuckDBPyConnection) -> None:
    """Put something to find into the store."""
    connection.execute(f"""
        UPDATE span_rows
        SET producer_seq = producer_seq + CASE "offset" % {EVERY} WHEN 100 THEN {PARTITIONS} ELSE -{PARTITIONS} END
        WHERE operation IN ('send', 'process') AND "offset" % {EVERY} IN (100, 101)
    """)
    connection.execute(f"""
        UPDATE span_rows SET end_ns = end_ns + 450000 WHERE operation = 'process' AND "offset" % {EVERY} = 210
    """)
    connection.execute(f"""
        INSERT INTO span_rows
        SELECT s.* REPLACE (
            unhex(substr(md5(s.span_id || o.operation), 1, 16)) AS span_id, o.operation AS operation,
            CASE o.operation WHEN 'receive' THEN s."offset" END AS offset_last,
            CASE o.operation WHEN 'receive' THEN 1 END AS batch_count,
            l.last_ns + 1000000 * row_number() OVER again AS start_ns,
            l.last_ns + 1000000 * row_number() OVER again + 90000 AS end_ns,
            l.last + row_number() OVER again AS number)
        FROM span_rows AS s
        JOIN (SELECT instance, max(number) AS last, max(end_ns) AS last_ns FROM span_rows GROUP BY instance) AS l
            ON l.instance = s.instance
        CROSS JOIN (VALUES (1, 'receive'), (2, 'process')) AS o(place, operation)
        WHERE s.operation = 'process' AND s."offset" % {EVERY} = 320 AND s.consumer_group = 'payment'
        WINDOW again AS (PARTITION BY s.instance ORDER BY s.start_ns, s.span_id, o.place)
    """)
    tell_ledger(connection)


def tell_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Count anew who told what, now that the spans are others."""
    connection.execute("DELETE FROM ledger_rows")
    connection.execute("""
        INSERT INTO ledger_rows (service, instance, host, system, cluster_id, destination, consumer_group, operation,
            closing, spans, numbered, last_number, dropped, dropped_links, first_ns, last_ns)
        SELECT service, instance, host, system, cluster_id, destination, consumer_group, operation, FALSE, count(*),
            count(number), max(number), NULL, 0, min(start_ns), max(end_ns)
        FROM span_rows GROUP BY ALL
    """)


def make(path: Path, spans: int) -> None:
    """Build the store."""
    from flowtrail_collector.store import Store

    with Store.open(path, memory_limit="1GB") as store:
        store.write(lambda connection: (build(connection, int(spans / SPANS_AN_EVENT)), trouble(connection)))


def report(path: Path, name: str) -> str:
    """Make a report over everything stored, and say what it found."""
    from flowtrail_collector import source
    from flowtrail_reports import build_report, gather, render

    source.QUERY_TIMEOUT_S = 7200.0  # the limit is for those who wait for an answer
    opened = source.StoreSource(path)
    try:
        made = build_report(name, gather(name, opened, source.Window(None, None)))
    finally:
        opened.close()
    render(made, "json")
    return made.headline


def by_hand(path: Path, name: str) -> str:
    """Run the query by hand."""
    from flowtrail_collector.store import Store

    with Store.open(path, create=False, read_only=True) as store:
        rows = store.read(lambda connection: connection.execute(BY_HAND[name]).fetchall())
    return f"{len(rows):,} rows"


def measured(work: Callable[[], str]) -> tuple[Cost, str]:
    """Do some work in a process of its own; return what it took and what it said. Raises RuntimeError if it fails."""
    reading, writing = os.pipe()
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            os.write(writing, work().encode()[:4096])
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as said:
        text = said.read()
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError("it failed; its error stands above")
    wall = time.perf_counter() - begun
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024), text


def main() -> None:
    """Build the store, make the reports, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="keep the store there, or use the one that is there")
    parser.add_argument("--quick", action="store_true", help="20,000 spans")
    given = parser.parse_args()
    spans = 20_000 if given.quick else given.spans
    with tempfile.TemporaryDirectory() as folder:
        path = given.store or Path(folder) / "reports.duckdb"
        if not path.exists():
            measured(lambda: str(make(path, spans)))
        print(f"{spans:,} spans; the goal for ten million is 5 s")
        print(f"{'':<24}{'CPU s':>10}{'wall s':>10}{'RSS MB':>10}{'us a span':>12}{'by hand x':>12}")
        for name in BY_HAND:
            hand, rows = measured(lambda name=name: by_hand(path, name))
            cost, said = measured(lambda name=name: report(path, name))
            for label, one, times in ((f"{name}, by hand", hand, ""), (name, cost, f"{cost.cpu_s / hand.cpu_s:.0f}")):
                print(
                    f"{label:<24}{one.cpu_s:>10.2f}{one.wall_s:>10.2f}{one.rss_mb:>10.0f}"
                    f"{one.cpu_s / spans * 1e6:>12.2f}{times:>12}"
                )
            print(f"  by hand: {rows}; the report: {said}")


if __name__ == "__main__":
    main()
