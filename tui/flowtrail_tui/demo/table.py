"""The table at the end of a headless demo: injected beside found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowtrail_tui.demo.comparison import Comparison, Fault

HEADER = ("", "KIND", "DESTINATION", "GROUP", "INJECTED", "FOUND")


def lines(comparison: Comparison) -> Iterator[str]:
    """Write one row per kind, destination and group, then what was missed and what nobody injected."""
    if not comparison.injected and not comparison.found:
        yield "No fault came about: the run was too short for one. Nothing was claimed."
        return
    injected, found = _count(comparison.injected), _count(comparison.found)
    missed, unexpected = _count(comparison.missed), _count(comparison.unexpected)
    rows = [HEADER]
    for place in sorted(injected | found):
        wrong = [f"{missed[place]} missed"] * bool(missed[place])
        wrong += [f"{unexpected[place]} unexpected"] * bool(unexpected[place])
        verdict = "✗ " + ", ".join(wrong) if wrong else "✓"
        rows.append((verdict, *place, str(injected[place]), str(found[place])))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:4], widths, strict=False)]
        cells += [cell.rjust(width) for cell, width in zip(row[4:], widths[4:], strict=True)]
        yield "  ".join(cells).rstrip()
    yield ""
    yield from _named("missed", comparison.missed)
    yield from _named("unexpected", comparison.unexpected)
    if not comparison.missed and not comparison.unexpected:
        yield "Every injected fault was found, and nothing else was claimed."


def _count(faults: Sequence[Fault]) -> Counter[tuple[str, str, str]]:
    return Counter((fault.kind, fault.destination or "", fault.group or "") for fault in faults)


def _named(title: str, faults: Sequence[Fault]) -> Iterator[str]:
    for fault in faults:
        place = " ".join(filter(None, (fault.destination, fault.group and f"by {fault.group}")))
        yield f"{title}: {fault.kind} {place} {', '.join(fault.message_ids)}".rstrip()
