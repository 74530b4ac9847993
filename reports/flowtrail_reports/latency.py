"""What the lag report says of time: how long events take to each group, and until the last of their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_reports.model import Check, Column, Percentile, Section, Spread, Table
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import listing, milliseconds, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_reports.documents import Document

Row = dict[str, Any]

PERCENTILES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99", "max_ms": "max"}
FIGURES = (
    Column("events", "Events", "number"),
    *(Column(key, title, "milliseconds") for key, title in PERCENTILES.items()),
    Column("truth", "True p95", missing="–"),
    Column("unreliable", "Unreliable because", missing="–"),
    Column("missing", "Not measured", missing="–"),
)
GROUPS = (Column("group", "Group"), Column("destination", "Destination"), *FIGURES)
DESTINATIONS = (Column("destination", "Destination"), Column("groups", "Groups", missing="–"), *FIGURES)
FLAT = (Column("events", "Events", "number"), *FIGURES[1:5], Column("unreliable", "Unreliable because"))
"""What the flat table holds beside its rows of partitions."""
MOST_SPREADS = 16
"""Rows in a chart: those that take longest; more can not be told apart."""
RANKS = "Percentiles are of times that were measured (nearest rank)."
CLOCKS = (
    "Some lie between two hosts' clocks: they are shown as measured, and the truth lies within its range; "
    "where there is no range, nothing bounds how far the clocks are apart."
)


def latency_sections(answer: Document | None) -> tuple[Section, ...]:
    """Make the sections from `flowtrail.latency/1`; None where the report's filter asks for what it does not know."""
    if answer is None:
        return (Section("End-to-end latency", "Not measured: the filter asks for the state of a lag."),)
    groups, destinations = answer["rows"], answer["convergence"]
    return (
        Section(
            "End-to-end latency",
            _note("From the start of the publication to the end of a group's first processing that ended ok.", groups),
            charts=_charts("End-to-end latency", "group", groups),
            table=Table(GROUPS, tuple(map(_shown, groups))),
        ),
        Section(
            "Convergence",
            _note("From the start of the first publication until the last expected group processed it.", destinations),
            charts=_charts("Convergence", None, destinations),
            table=Table(DESTINATIONS, tuple(map(_shown, destinations))),
        ),
    )


def latency_flat(answer: Document | None) -> tuple[Row, ...]:
    """Return the rows for the flat table; `measure` tells them from those of partitions."""
    if answer is None:
        return ()
    told = (("latency", answer["rows"]), ("convergence", answer["convergence"]))
    return tuple({**row, "measure": measure, "unreliable": row["reason"]} for measure, rows in told for row in rows)


def latency_checks(answer: Document | None) -> Iterable[Check]:
    """Return one test case for each row: none fails, and it is skipped where nothing or nothing sure is known."""
    for row in () if answer is None else answer["rows"]:
        yield Check(f"latency of {row['group']} on {row['destination']}", None, _doubt(row))
    for row in () if answer is None else answer["convergence"]:
        yield Check(f"convergence of {row['destination']}", None, _doubt(row))


def _doubt(row: Document) -> str | None:
    return _shown(row)["missing"] or "nothing was measured" if not row["events"] else row["reason"]


def _note(meaning: str, rows: Sequence[Document]) -> str:
    return " ".join((meaning, RANKS, *([CLOCKS] if any(row["across_hosts"] for row in rows) else [])))


def _shown(row: Document) -> Row:
    """Add what people read: the range of the p95, why the figures are unreliable, what was not measured."""
    told = row["range_ms"]
    missing = row.get("unmeasured", row.get("unconverged")) or ()
    return {
        **row,
        "groups": listing([visible(name) for name in row["groups"]]) if row.get("groups") else None,
        "truth": f"{_span(told['p95_ms'])}" if told else None,
        "unreliable": row["reason"],
        "missing": "; ".join(f"{number(one['events'])} {one['reason']}" for one in missing) or None,
    }


def _span(bounds: Sequence[float]) -> str:
    low, high = map(milliseconds, bounds)
    return low if low == high else f"{low} to {high}"


def _charts(title: str, key: str | None, rows: Sequence[Document]) -> tuple[Spread, ...]:
    measured = sorted((row for row in rows if row["events"]), key=lambda row: -row["p95_ms"])
    if not measured:
        return ()
    cut = (
        f": the {MOST_SPREADS} of {counted(len(measured), 'row')} that take longest"
        if len(measured) > MOST_SPREADS
        else ""
    )
    named = [(f"{row[key]} on {row['destination']}" if key else row["destination"], row) for row in measured]
    return (Spread(f"{title}{cut}", "milliseconds", tuple((name, _marks(row)) for name, row in named[:MOST_SPREADS])),)


def _marks(row: Document) -> tuple[Percentile, ...]:
    told = row["range_ms"] or {}
    return tuple(Percentile(label, row[name], *told.get(name, (None, None))) for name, label in PERCENTILES.items())
