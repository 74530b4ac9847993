"""What the map of a whole store costs, without findings and with them, beside the lag and the findings by themselves.

The store is that of `reports.py`, where besides each processing of one group sends an event on, so that something was
caused: a third more spans than are asked for. Each question runs in a process of its own.

    uv run python benchmarks/map.py [--spans 1000000] [--store FILE] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from reports import make, measured, tell_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from flowtrail_collector.source import StoreSource


def send_on(connection: duckdb.DuckDBPyConnection) -> None:
    """Let every processing of payment send an event to payments."""
    connection.execute("""
        INSERT INTO span_rows
        SELECT s.* REPLACE (
            unhex(substr(md5(s.span_id || 'sent'), 1, 16)) AS span_id, s.span_id AS parent_span_id, 'send' AS operation,
            'payments' AS destination, s.message_id AS causation_id, 'p-' || s.message_id AS message_id,
            NULL AS consumer_group, NULL AS member, NULL AS generation, 'acked' AS publish_outcome,
            s.end_ns - 50000 AS start_ns, s.end_ns - 10000 AS end_ns,
            s.instance || '-sender' AS instance, s.instance AS producer_epoch,
            row_number() OVER sent AS producer_seq, row_number() OVER sent AS number)
        FROM span_rows AS s
        WHERE s.operation = 'process' AND s.consumer_group = 'payment'
        WINDOW sent AS (PARTITION BY s.instance ORDER BY s.start_ns, s.span_id)
    """)
    tell_ledger(connection)


def prepare(path: Path, spans: int) -> str:
    """Build the store."""
    from flowtrail_collector.store import Store

    make(path, spans)
    with Store.open(path, memory_limit="1GB") as store:
        store.write(send_on)
    return ""


def asked(path: Path, question: Callable[[StoreSource], dict[str, Any]]) -> str:
    """Ask over everything stored, and say how much came back."""
    from flowtrail_collector import source

    source.QUERY_TIMEOUT_S = 7200.0  # the limit is for those who wait for an answer
    opened = source.StoreSource(path)
    try:
        document = question(opened)
        return f"{opened.status()['store']['spans']} {len(document.get('edges', ()))} edges"
    finally:
        opened.close()


def main() -> None:
    """Build the store, ask, print the table."""
    from flowtrail_collector.window import Window

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="keep the store there, or use the one that is there")
    parser.add_argument("--quick", action="store_true", help="20,000 spans")
    given = parser.parse_args()
    always = Window(None, None)
    questions: dict[str, Callable[[StoreSource], dict[str, Any]]] = {
        "map": lambda opened: opened.map(always, findings=False),
        "map with findings": lambda opened: opened.map(always),
        "lag": lambda opened: opened.lag(always),
        "findings": lambda opened: opened.findings(always),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = given.store or Path(folder) / "map.duckdb"
        if not path.exists():
            measured(lambda: prepare(path, 20_000 if given.quick else given.spans))
        print(f"{'':<20}{'spans':>12}{'CPU s':>10}{'wall s':>10}{'RSS MB':>10}{'us a span':>12}")
        for name, question in questions.items():
            cost, said = measured(lambda question=question: asked(path, question))
            spans, _, drawn = said.partition(" ")
            print(
                f"{name:<20}{int(spans):>12,}{cost.cpu_s:>10.2f}{cost.wall_s:>10.2f}{cost.rss_mb:>10.0f}"
                f"{cost.cpu_s / int(spans) * 1e6:>12.2f}  {drawn}"
            )


if __name__ == "__main__":
    main()
