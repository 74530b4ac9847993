"""How long `ask` takes in a store of many spans, by message id, by record and by flow.

The store is made here: events on twelve partitions, each sent with its ack and handled by two groups in polls of fifty,
with commits; four spans in ten are processings. Times are of whole questions in a fresh reader of the store's file,
beside a full scan of the same file in the same run.

    uv run python benchmarks/ask.py [--spans 1000000] [--quick]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from flowtrail_collector.source import StoreSource
from flowtrail_collector.store import Store
from flowtrail_collector.store.clocks import MOST
from flowtrail_collector.store.lookup import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

PARTITIONS = 12
BATCH = 50
START_NS = 1_790_000_000_000_000_000
EVENT_NS = 100_000  # 10,000 events a second
SPANS_AN_EVENT = 1 + 2 * (1 + 2 / BATCH)

_SPAN = """
INSERT INTO span_rows (trace_id, span_id, parent_span_id, start_ns, end_ns, name, kind, status, resource_id, scope,
    service, instance, host, number, system, operation, operation_name, destination, "partition", "offset", offset_last,
    batch_count, message_id, correlation_id, message_key, consumer_group, producer_epoch, producer_seq,
    publish_outcome, member, generation, "position", position_reason, conflicting)
"""
_ID = "unhex(md5('{kind}' || e)), unhex(substr(md5('{kind} span' || e), 1, 16))"


def build(connection: duckdb.DuckDBPyConnection, events: int) -> None:
    """Fill an empty store with the spans of `events` events."""
    event = f"""
        SELECT range AS e, range % {PARTITIONS} AS p, range // {PARTITIONS} AS o,
            unhex(md5('trace' || range)) AS trace, unhex(substr(md5('send' || range), 1, 16)) AS send,
            {START_NS} + range * {EVENT_NS} AS t0, 'm-' || md5('id' || range) AS id, 'flow-' || (range // 4) AS flow,
            'key-' || (range % 1000) AS k
        FROM range({events})
    """
    connection.execute(f"""{_SPAN}
        SELECT trace, send, NULL, t0, t0 + 4000000, 'send orders', 4, 0, 1, 'flowtrail',
            'orders', 'orders-1', 'host-a', e + 1, 'kafka', 'send', 'send', 'orders', p, o, NULL,
            NULL, id, flow, k, NULL, 'epoch', e + 1,
            'acked', NULL, NULL, NULL, NULL, FALSE
        FROM ({event}) AS e ORDER BY t0""")
    # A batch is handed out when its last event is there, and handled one after the other.
    handed = f"{START_NS} + (((o // {BATCH}) * {BATCH} + {BATCH - 1}) * {PARTITIONS} + p) * {EVENT_NS} + 5000000"
    begun = f"{handed} + 200000 + (o % {BATCH}) * 100000"
    for group in ("payment", "ledger"):
        member = f"'{group}-' || (p % 3)"
        who = f"'{group}', {member}, 'host-b', NULL, 'kafka'"
        connection.execute(f"""{_SPAN}
            SELECT trace, unhex(substr(md5('{group}' || e), 1, 16)), send, {begun}, {begun} + 90000, 'process orders',
                5, 0, 2, 'flowtrail', {who}, 'process', 'process', 'orders', p, o, NULL,
                NULL, id, flow, k, '{group}', 'epoch', e + 1,
                NULL, {member}, 1, NULL, NULL, FALSE
            FROM ({event}) AS e ORDER BY t0""")
        last = f"FROM ({event}) AS e WHERE o % {BATCH} = {BATCH - 1} ORDER BY t0"
        connection.execute(f"""{_SPAN}
            SELECT {_ID.format(kind=group + " poll")}, NULL, t0 + 5000000, t0 + 5100000, 'receive orders', 3,
                0, 2, 'flowtrail', {who}, 'receive', 'poll', 'orders', p, o - {BATCH - 1}, o,
                {BATCH}, NULL, NULL, NULL, '{group}', NULL, NULL,
                NULL, {member}, 1, NULL, NULL, FALSE
            {last}""")
        connection.execute(f"""{_SPAN}
            SELECT {_ID.format(kind=group + " commit")}, NULL, t0 + 12000000, t0 + 12100000, 'settle orders', 3,
                0, 2, 'flowtrail', {who}, 'settle', 'commit', 'orders', p, NULL, NULL,
                NULL, NULL, NULL, NULL, '{group}', NULL, NULL,
                NULL, {member}, 1, o + 1, 'commit', FALSE
            {last}""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE numbers AS
        SELECT span_id, row_number() OVER (PARTITION BY instance ORDER BY end_ns, span_id) AS n
        FROM span_rows WHERE number IS NULL
    """)
    connection.execute(f"""
        UPDATE span_rows SET number = n, trace_hash = {hash_of("trace_id")}, message_hash = {hash_of("message_id")}
        FROM numbers WHERE numbers.span_id = span_rows.span_id
    """)
    connection.execute(f"""
        UPDATE span_rows SET trace_hash = {hash_of("trace_id")}, message_hash = {hash_of("message_id")}
        WHERE trace_hash IS NULL
    """)
    connection.execute("""
        INSERT INTO ledger_rows (service, instance, host, system, cluster_id, destination, consumer_group, operation,
            closing, spans, numbered, last_number, dropped, dropped_links, first_ns, last_ns)
        SELECT service, instance, host, system, cluster_id, destination, consumer_group, operation, FALSE, count(*),
            count(number), max(number), NULL, 0, min(start_ns), max(end_ns)
        FROM span_rows GROUP BY ALL
    """)
    connection.execute("""
        INSERT INTO number_rows (service, instance, first_number, last_number, recorded_ns, last_ns)
        SELECT service, instance, min(number), max(number), min(end_ns), max(end_ns)
        FROM span_rows GROUP BY service, instance
    """)
    # As many as a store keeps of them, be it large or not.
    connection.execute(f"""
        INSERT INTO clock_rows
        SELECT trace_id, span_id, start_ns, service, instance, host, system, operation, destination, "partition",
            "offset", 0
        FROM span_rows
        WHERE operation IN ('send', 'process') AND "offset" % greatest(1, {events} // 5000) = 0
        LIMIT {MOST}
    """)


def sampled(connection: duckdb.DuckDBPyConnection, count: int) -> tuple[int, list[str], float]:
    """Return the number of spans, some message ids, and the milliseconds of a full scan."""
    (total,) = connection.execute("SELECT count(*) FROM span_rows").fetchall()[0]
    rows = connection.execute(
        f"SELECT message_id FROM span_rows WHERE operation = 'send' ORDER BY md5(message_id) LIMIT {count}"
    ).fetchall()
    scan = "SELECT max(end_ns), count(DISTINCT message_id) FROM span_rows"
    took = statistics.median(timed(lambda: connection.execute(scan).fetchall()) for _ in range(5))
    return total, [row[0] for row in rows], took


def timed(question: Callable[[], object]) -> float:
    """Return the milliseconds that a question took."""
    begun = time.perf_counter()
    question()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Build the store, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 spans, five questions of each kind")
    arguments = parser.parse_args()
    spans = 20_000 if arguments.quick else arguments.spans
    times = 5 if arguments.quick else 30
    events = int(spans / SPANS_AN_EVENT)
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.duckdb"
        with Store.open(path) as store:
            store.write(lambda connection: build(connection, events))
        with Store.open(path, create=False, read_only=True) as reader:
            total, ids, scan = reader.read(lambda connection: sampled(connection, times + 1))
        source = StoreSource(path)
        print(f"{total:,} spans, {events:,} events; file {path.stat().st_size / total:.1f} B per span")
        print(f"{'question':<24}{'p50 ms':>10}{'p99 ms':>10}")
        rows = [random.randrange(events) for _ in range(times + 1)]
        questions = {
            "ask by message id": [f"id:{message_id}" for message_id in ids],
            "ask by record": [f"orders:{row % PARTITIONS}:{row // PARTITIONS}" for row in rows],
            "ask by flow": [f"flow:flow-{row // 4}" for row in rows],
        }
        for name, asked in questions.items():
            source.ask(asked[0])
            took = sorted(timed(lambda what=what: source.ask(what)) for what in asked[1:])
            print(f"{name:<24}{statistics.median(took):>10.1f}{took[min(len(took) - 1, int(len(took) * 0.99))]:>10.1f}")
        print(f"{'full scan':<24}{scan:>10.1f}")
        source.close()


if __name__ == "__main__":
    main()
