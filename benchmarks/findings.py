"""What all findings of a window cost: by the events that are picked from it, and with everything judged.

The store is that of `reports.py`: one record in some thousand is in trouble, the rest was dealt with in turn; with
`--caused` two events of three were caused by the one sent before. The window is all of it, or with `--last 0.2` the
last fifth. Each runs in a process of its own: CPU, time and the most memory it held.

    uv run python benchmarks/findings.py [--spans 100000 1000000 ...] [--whole] [--caused] [--last SHARE]
        [--store FILE] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from reports import make, measured

if TYPE_CHECKING:
    from flowtrail_collector.source import StoreSource
    from flowtrail_collector.window import Window

CAUSED = """
    UPDATE span_rows
    SET causation_id = CASE WHEN (number - 1) % 3 <> 0 THEN 'm-' || md5('id' || (number - 2)) END
    WHERE operation = 'send'
"""
"""The sends are numbered from 1 on, their events from 0 on."""


def built(path: Path, spans: int, *, caused: bool) -> str:
    """Build the store."""
    from flowtrail_collector.store import Store

    make(path, spans)
    if caused:
        with Store.open(path, memory_limit="1GB") as store:
            store.write(lambda connection: connection.execute(CAUSED).fetchall())
    return ""


def window_of(opened: StoreSource, last: float) -> Window:
    """Return the last part of the time that is stored."""
    from flowtrail_collector.window import Window

    if last >= 1:
        return Window(None, None)
    (first, end) = opened._store.read(
        lambda connection: connection.execute("SELECT min(start_ns), max(end_ns) FROM span_rows").fetchall()
    )[0]
    return Window(int(end - (end - first) * last), None)


def found(path: Path, *, whole: bool, last: float) -> str:
    """Ask for every finding, and say what there was."""
    from flowtrail_collector import source
    from flowtrail_collector.questions import findings

    source.QUERY_TIMEOUT_S = 7200.0  # the limit is for those who wait for an answer
    if whole:
        findings.MOST_WHOLE = sys.maxsize
    opened = source.StoreSource(path)
    try:
        document = opened.findings(window_of(opened, last))
    finally:
        opened.close()
    kinds = Counter(one["kind"] for one in document["findings"])
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def main() -> None:
    """Build each store, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--whole", action="store_true", help="judge everything as well")
    parser.add_argument("--caused", action="store_true", help="most events were caused by others")
    parser.add_argument("--last", type=float, default=1.0, help="ask for the last part of the store, 0.2: a fifth")
    parser.add_argument("--store", type=Path, help="use the store that is there")
    parser.add_argument("--quick", action="store_true", help="20,000 spans")
    given = parser.parse_args()
    print("the goal for a window of 15 minutes at 10,000 events a second is 1 s")
    print(f"{'spans':>12}{'':>10}{'CPU s':>10}{'wall s':>10}{'RSS MB':>10}{'us a span':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for spans in [20_000] if given.quick else given.spans:
            path = given.store or Path(folder) / f"{spans}.duckdb"
            if not path.exists():
                measured(lambda path=path, spans=spans: built(path, spans, caused=given.caused))
            said = ""
            for whole in (False, True) if given.whole else (False,):
                cost, said = measured(lambda path=path, whole=whole: found(path, whole=whole, last=given.last))
                print(
                    f"{spans:>12,}{'whole' if whole else 'picked':>10}{cost.cpu_s:>10.2f}{cost.wall_s:>10.2f}"
                    f"{cost.rss_mb:>10.0f}{cost.cpu_s / spans * 1e6:>12.2f}"
                )
            print(f"  found: {said}")


if __name__ == "__main__":
    main()
