"""What all findings of a window cost: by the events that are picked from it, and with everything judged.

The store is that of `reports.py`: one record in some thousand is in trouble, the rest was dealt with in turn. The
window is all of it. Each runs in a process of its own: CPU, time and the most memory it held.

    uv run python benchmarks/findings.py [--spans 100000 1000000 ...] [--whole] [--store FILE] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reports import make, measured


def found(path: Path, *, whole: bool) -> str:
    """Ask for every finding, and say what there was."""
    from flowtrail_collector import source
    from flowtrail_collector.questions import findings

    source.QUERY_TIMEOUT_S = 7200.0  # the limit is for those who wait for an answer
    if whole:
        findings.MOST_WHOLE = sys.maxsize
    opened = source.StoreSource(path)
    try:
        document = opened.findings(source.Window(None, None))
    finally:
        opened.close()
    kinds = Counter(one["kind"] for one in document["findings"])
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def main() -> None:
    """Build each store, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--whole", action="store_true", help="judge everything as well")
    parser.add_argument("--store", type=Path, help="use the store that is there")
    parser.add_argument("--quick", action="store_true", help="20,000 spans")
    given = parser.parse_args()
    print("the goal for a window of 15 minutes at 10,000 events a second is 1 s")
    print(f"{'spans':>12}{'':>10}{'CPU s':>10}{'wall s':>10}{'RSS MB':>10}{'us a span':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for spans in [20_000] if given.quick else given.spans:
            path = given.store or Path(folder) / f"{spans}.duckdb"
            if not path.exists():
                measured(lambda path=path, spans=spans: str(make(path, spans)))
            said = ""
            for whole in (False, True) if given.whole else (False,):
                cost, said = measured(lambda path=path, whole=whole: found(path, whole=whole))
                print(
                    f"{spans:>12,}{'whole' if whole else 'picked':>10}{cost.cpu_s:>10.2f}{cost.wall_s:>10.2f}"
                    f"{cost.rss_mb:>10.0f}{cost.cpu_s / spans * 1e6:>12.2f}"
                )
            print(f"  found: {said}")


if __name__ == "__main__":
    main()
