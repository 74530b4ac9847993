"""`flowtrail.latency/1` as plain lines: one per group, then one per destination until its last group has an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Part, line
from flowtrail_tui.text.lists import basis, table

if TYPE_CHECKING:
    from flowtrail_tui.model.parts import Line

PERCENTILES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
_FIGURES = (
    Column("EVENTS", 6, 12, right=True),
    *(Column(title, 6, 9, right=True) for title in ("P50", "P95", "P99", "MAX")),
    Column("NOT MEASURED", 12, 44, from_width=96),
    Column("", 0, 0, flex=True),
)
GROUP_COLUMNS = (Column("GROUP", 8, 22), Column("DESTINATION", 8, 26), *_FIGURES)
DESTINATION_COLUMNS = (Column("DESTINATION", 8, 26), Column("GROUPS", 6, 24), *_FIGURES)


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw how long events took for each group, then until all had them, then which figures to doubt."""
    rows, destinations = f.items(document.get("rows")), f.items(document.get("convergence"))
    if not rows and not destinations:
        return [basis(document, "no message was seen")]
    lines: list[Line] = [line(Part("End-to-end latency", "header"))]
    lines += table(GROUP_COLUMNS, [_group(row) for row in rows], width)
    lines += [(), line(Part("Convergence", "header"))]
    lines += table(DESTINATION_COLUMNS, [_destination(row) for row in destinations], width)
    doubts = [*(_doubt(row, f.word(row.get("group"))) for row in rows), *(_doubt(row, "all") for row in destinations)]
    return [*lines, (), *(doubt for doubt in doubts if doubt), basis(document)]


def _group(row: dict[str, Any]) -> tuple[Line, ...]:
    mark = (Part(" assumed", "dim"),) if row.get("assumed") else ()
    name = (Part(f.word(row.get("group")), "bright"), *mark)
    return (name, line(Part(f.word(row.get("destination")))), *_figures(row, "unmeasured"))


def _destination(row: dict[str, Any]) -> tuple[Line, ...]:
    groups = row.get("groups") or ()
    name = line(Part(f.word(row.get("destination")), "bright"))
    return (name, line(Part(", ".join(map(str, groups)) or f.NOT_APPLICABLE, "dim")), *_figures(row, "unconverged"))


def _figures(row: dict[str, Any], missing: str) -> tuple[Line, ...]:
    role = "warn" if row.get("unreliable") else "text"
    values = [f.number(row.get(name)) for name in PERCENTILES]
    reasons = [
        f"{f.count(f.number(one.get('events')))} {f.word(one.get('reason'))}" for one in f.items(row.get(missing))
    ]
    return (
        line(Part(f.count(f.number(row.get("events"))))),
        *(line(Part(f.duration(value), "unknown" if value is None else role)) for value in values),
        line(Part(", ".join(reasons), "dim")),
        (),
    )


def _doubt(row: dict[str, Any], group: str) -> Line:
    """Say of what crosses two hosts' clocks how far it can be trusted; nothing of what does not."""
    if not row.get("across_hosts"):
        return ()
    place = f"{group} on {f.word(row.get('destination'))}: "
    told = row.get("range_ms")
    between = ""
    if isinstance(told, dict):
        low, high = (f.duration(f.number(bound)) for bound in told["p95_ms"])
        between = f"the true p95 lies between {low} and {high}"
    pieces = [piece for piece in (f.word(row.get("reason"), ""), between) if piece]
    said = "; ".join(["measured by two hosts' clocks", *pieces])
    return line(Part(place, "dim"), Part(said, "warn" if row.get("unreliable") else "dim"))
