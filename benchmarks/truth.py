"""What flowtrail finds beside what truly happened: seeded worlds, their telemetry, and the verdicts on them.

Each world is simulated (tests/simulator): producers that retry and publish twice, groups that are rebalanced, crash,
seek, fail and leave records behind, transactions, compaction, clocks that disagree. Its spans go into a real store, the
store is asked, and what it says is held against what happened, for every event.

    uv run python benchmarks/truth.py [--runs 1000] [--seed N] [--incomplete] [--quick]
    uv run python benchmarks/truth.py --replay SEED [--incomplete] [--shrink]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.simulator.expected import ERRORS, KINDS
from tests.simulator.judge import UNJUDGED, Counts, Difference, Judge, Judgement, built
from tests.simulator.script import SWITCHED_OFF, SWITCHED_OFF_INCOMPLETE, Script, draw
from tests.simulator.shrink import shrink
from tests.simulator.story import told

WIDE = 20
"""Every so many worlds one is asked by the engine for many spans."""
QUESTIONS = ("published", "consumed", "duplicated", "reordered")
_JUDGES: list[Judge] = []


@dataclass
class Sum(Counts):
    """What came out of many worlds."""

    false: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failing: dict[int, list[Difference]] = field(default_factory=dict)

    def take(self, seed: int, judgement: Judgement) -> None:
        """Add one world."""
        self.add(judgement)
        for difference in judgement.differences:
            if difference.what in ("false", "severity"):
                self.false[difference.kind] += 1
            elif difference.what == "answer":
                self.wrong[difference.kind] += 1
        if judgement.differences:
            self.failing[seed] = judgement.differences


def judged(seed: int, incomplete: bool, also: frozenset[str]) -> Judgement:
    """Judge one world in a process of its own store."""
    if not _JUDGES:
        _JUDGES.append(Judge(Path(tempfile.mkdtemp(prefix="flowtrail-truth-"))))
    return _JUDGES[0].judge(draw(seed, incomplete=incomplete, also=also), wide=seed % WIDE == WIDE - 1)


def table(found: Sum) -> str:
    """Return what was injected and found, a line per finding and per question."""
    lines = [f"{'finding':<28}{'injected':>10}{'found':>8}{'false':>8}{'unknown':>9}  not provable"]
    for kind in KINDS:
        if kind in UNJUDGED:
            continue
        injected, seen = found.injected[kind], found.found[kind]
        note = "" if kind in built() else "  (not built)"
        grave = " error" if kind in ERRORS else ""
        lines.append(
            f"{kind + grave:<28}{injected:>10}{seen:>8}{found.false[kind]:>8}{injected - seen:>9}"
            f"{found.unproven[kind]:>14}{note}"
        )
    lines += ["", f"{'answer':<28}{'right':>10}{'unknown':>8}{'wrong':>8}"]
    lines += [f"{name:<28}{found.right[name]:>10}{found.unknown[name]:>8}{found.wrong[name]:>8}" for name in QUESTIONS]
    return "\n".join(lines)


def replay(script: Script, *, smaller: bool) -> None:
    """Print the story of one world; `smaller` leaves out what its first difference does not need."""
    with tempfile.TemporaryDirectory(prefix="flowtrail-truth-") as folder:
        judge = Judge(Path(folder))
        if smaller:
            differences = judge.judge(script).differences
            if differences:
                first = min(differences, key=lambda difference: not difference.grave)
                script = shrink(script, lambda s: any(first.like(other) for other in judge.judge(s).differences))
        print(told(judge, script))
        judge.close()


def run(seeds: range, *, incomplete: bool, also: frozenset[str], processes: int) -> Sum:
    """Judge many worlds side by side."""
    total = Sum()
    one = partial(judged, incomplete=incomplete, also=also)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for seed, judgement in zip(seeds, pool.map(one, seeds, chunksize=5), strict=True):
            total.take(seed, judgement)
    return total


def main() -> None:
    """Run worlds and print the table, or replay one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--incomplete", action="store_true", help="lose a part of the telemetry")
    parser.add_argument("--quick", action="store_true", help="20 worlds")
    parser.add_argument("--replay", type=int, metavar="SEED", help="print the story of one world")
    parser.add_argument("--shrink", action="store_true", help="with --replay: the smallest world that still differs")
    parser.add_argument("--with", dest="also", action="append", default=[], metavar="FEATURE", help="switch on as well")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    also = frozenset(arguments.also)
    unknown = also - SWITCHED_OFF.keys() - SWITCHED_OFF_INCOMPLETE.keys()
    if unknown:
        parser.error(f"no such feature is switched off: {', '.join(sorted(unknown))}")
    if arguments.replay is not None:
        replay(draw(arguments.replay, incomplete=arguments.incomplete, also=also), smaller=arguments.shrink)
        return
    runs = 20 if arguments.quick else arguments.runs
    begun = time.perf_counter()
    total = run(
        range(arguments.seed, arguments.seed + runs),
        incomplete=arguments.incomplete, also=also, processes=arguments.processes,
    )  # fmt: skip
    manner = "incomplete" if arguments.incomplete else "complete"
    print(f"{runs} worlds, {manner} telemetry, {runs / (time.perf_counter() - begun):.1f} worlds/s\n")
    print(table(total))
    print("\nswitched off: " + (", ".join(sorted(SWITCHED_OFF.keys() - also)) or "nothing"))
    option = " --incomplete" if arguments.incomplete else ""
    option += "".join(f" --with {feature}" for feature in sorted(also))
    for seed, differences in sorted(total.failing.items()):
        print(f"\nuv run python benchmarks/truth.py --replay {seed}{option} --shrink")
        for difference in differences[:5]:
            print(f"  {difference.what}: {difference.kind}: {difference.text}")
    if not total.failing:
        print("no world differs")


if __name__ == "__main__":
    main()
