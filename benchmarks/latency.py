"""What the question of how long events take costs over a whole store, beside one query written by hand.

The store is that of `reports.py`. The query by hand joins sends and processings by their records and takes the engine's
own quantiles; it knows of no other instrumentation, no transactions, no copies, no expected groups and no clocks. Each
runs in a process of its own: with the memory of a store file's reader, and with that of a running collector.

    uv run python benchmarks/latency.py [--spans 1000000] [--store FILE] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reports import make, measured

BY_HAND = """
    WITH first_ok AS (
        SELECT destination, "partition", "offset", consumer_group, min(end_ns) AS end_ns
        FROM span_rows
        WHERE operation = 'process' AND coalesce(status, 0) <> 2
        GROUP BY ALL
    ),
    taken AS (
        SELECT p.destination, p.consumer_group, "partition", "offset", p.end_ns - s.start_ns AS latency
        FROM span_rows AS s
        JOIN first_ok AS p USING (destination, "partition", "offset")
        WHERE s.operation = 'send'
    )
    SELECT destination, consumer_group, count(*), quantile_disc(latency, [0.5, 0.95, 0.99]), max(latency)
    FROM taken
    GROUP BY ALL
    UNION ALL
    SELECT destination, NULL, count(*), quantile_disc(latency, [0.5, 0.95, 0.99]), max(latency)
    FROM (SELECT destination, "partition", "offset", max(latency) AS latency FROM taken GROUP BY ALL) AS converged
    GROUP BY ALL
"""
LIMITS = {"with 1 GB": "1GB", "with 256 MB": "256MB"}


def by_hand(path: Path) -> str:
    """Run the query by hand."""
    from flowtrail_collector.store import Store

    with Store.open(path, create=False, read_only=True) as store:
        rows = store.read(lambda connection: connection.execute(BY_HAND).fetchall())
    return f"{len(rows):,} rows"


def asked(path: Path, limit: str) -> str:
    """Ask over everything stored, with so much memory."""
    from flowtrail_collector.filters import parse_filter
    from flowtrail_collector.questions.latencies import latencies
    from flowtrail_collector.store import Store
    from flowtrail_collector.window import Window

    with Store.open(path, create=False, read_only=True, memory_limit=limit) as store:
        document = store.read(
            lambda connection: latencies(connection, Window(None, None), parse_filter("")), timeout_s=7200.0
        )
    return f"{sum(row['events'] for row in document['rows']):,} measurements"


def main() -> None:
    """Build the store, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="keep the store there, or use the one that is there")
    parser.add_argument("--quick", action="store_true", help="20,000 spans")
    given = parser.parse_args()
    spans = 20_000 if given.quick else given.spans
    with tempfile.TemporaryDirectory() as folder:
        path = given.store or Path(folder) / "latency.duckdb"
        if not path.exists():
            measured(lambda: str(make(path, spans)))
        hand, said = measured(lambda: by_hand(path))
        costs = [("by hand", hand, said)]
        for label, limit in LIMITS.items():
            cost, said = measured(lambda limit=limit: asked(path, limit))
            costs.append((label, cost, said))
        print(f"{spans:,} spans")
        print(f"{'':<16}{'CPU s':>10}{'wall s':>10}{'RSS MB':>10}{'us a span':>12}{'by hand x':>12}")
        for label, cost, said in costs:
            print(
                f"{label:<16}{cost.cpu_s:>10.2f}{cost.wall_s:>10.2f}{cost.rss_mb:>10.0f}"
                f"{cost.cpu_s / spans * 1e6:>12.2f}{cost.cpu_s / hand.cpu_s:>12.1f}  {said}"
            )


if __name__ == "__main__":
    main()
