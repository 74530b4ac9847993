"""The lag report: which groups keep up, which do not, since when, on which partitions, and how long events take."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_reports.facts import coverage, facts, percentage, provenance
from flowtrail_reports.latency import FLAT, latency_checks, latency_flat, latency_sections
from flowtrail_reports.model import Check, Column, Line, LineChart, Report, Section, Table, Tone
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import listing, milliseconds, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_reports.documents import Document, Documents

WORST_FIRST = ("retention", "stopped", "stalled", "falling", "draining", "unknown", "ok")
BAD = WORST_FIRST[:4]
SAID = {
    "retention": "lost records to retention",
    "stopped": "no longer reads",
    "stalled": "stands still",
    "falling": "falls behind",
    "draining": "catches up",
}
GROUPS = (
    Column("group", "Group"),
    Column("destination", "Destination"),
    Column("status", "Status", "status"),
    Column("lag", "Unread", "number"),
    Column("time_lag_ms", "Oldest unread", "milliseconds"),
    Column("rate_in", "In/s", "number"),
    Column("rate_out", "Out/s", "number"),
    Column("eta_ms", "Caught up in", "milliseconds", missing="–"),
    Column("worst", "Most on partition", missing="–"),
)
PARTITIONS = (
    Column("group", "Group"),
    Column("destination", "Destination"),
    Column("partition", "Partition", "number"),
    Column("position", "Position", "number"),
    Column("end", "End", "number"),
    Column("lag", "Unread", "number"),
    Column("time_lag_ms", "Oldest unread", "milliseconds"),
    Column("status", "Status", "status"),
    Column("reason", "Because"),
    Column("rate_in", "In/s", "number"),
    Column("rate_out", "Out/s", "number"),
    Column("member", "Member", "id"),
)
ONE_REBALANCE = timedelta(seconds=20)
"""Redeliveries, or rebalances, that follow each other within so long are one mark."""
MOST_LINES = 8
"""Lines in the chart: the groups with most unread; more can not be told apart."""


def lag_report(documents: Documents) -> Report:
    """Make the report from `flowtrail.lag/1` and `flowtrail.latency/1`."""
    answer = documents.lag
    groups = _groups(answer["rows"])
    chart = _chart(answer, documents.findings["findings"])
    return Report(
        name="lag",
        title="Lag",
        headline=_headline(groups),
        tone=_tone(groups, coverage(documents, answer)),
        facts=facts(documents, answer),
        sections=(
            Section("Groups", _reading_note(documents, answer), table=Table(GROUPS, tuple(groups))),
            Section(
                "Unread over the window",
                "Lines end at the moment of the answer. A dashed mark is a rebalance.",
                charts=(chart,) if chart.lines else (),
            ),
            Section("Partitions", table=Table(PARTITIONS, tuple(sorted(answer["rows"], key=_badness)))),
            *latency_sections(documents.latency),
        ),
        table=Table(
            (Column("measure", "Measure"), *PARTITIONS, *FLAT),
            (*({**row, "measure": "lag"} for row in answer["rows"]), *latency_flat(documents.latency)),
        ),
        document={
            "schema": "flowtrail.report.lag/1",
            **provenance(documents, answer),
            "headline": _headline(groups),
            "groups": groups,
            "rows": answer["rows"],
            "latency": None if documents.latency is None else documents.latency["rows"],
            "convergence": None if documents.latency is None else documents.latency["convergence"],
            "rebalances": [{"at": at, "label": label} for at, label in chart.marks],
        },
        checks=(
            *(
                Check(f"{row['group']} on {row['destination']}", _sentence(row) if row["status"] in BAD else None)
                for row in groups
            ),
            *latency_checks(documents.latency),
        ),
    )


def _groups(rows: Sequence[Document]) -> list[dict[str, Any]]:
    """Sum partitions by group and destination, worst first."""
    by_group: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for row in rows:
        by_group[row["group"], row["destination"]].append(row)
    return sorted((_sum(place, members) for place, members in by_group.items()), key=_badness)


def _sum(place: tuple[str, str], rows: Sequence[Document]) -> dict[str, Any]:
    worst = max(rows, key=lambda row: row["lag"] or 0)
    status = min((row["status"] for row in rows), key=_rank)
    # A group that keeps up is not waited for, and of one that falls behind the rates of the window are history.
    etas = [row["eta_ms"] for row in rows if row["eta_ms"] is not None] if status == "draining" else []
    return {
        "group": place[0],
        "destination": place[1],
        "status": status,
        "lag": _total(row["lag"] for row in rows),
        "time_lag_ms": max((row["time_lag_ms"] for row in rows if row["time_lag_ms"] is not None), default=None),
        "rate_in": _total(row["rate_in"] for row in rows),
        "rate_out": _total(row["rate_out"] for row in rows),
        "eta_ms": max(etas, default=None),
        "worst": f"{worst['partition']} ({number(worst['lag'])})" if worst["lag"] else None,
    }


def _total(values: Any) -> Any:
    """Add what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _headline(groups: Sequence[dict[str, Any]]) -> str:
    behind = [row for row in groups if row["status"] in SAID]
    unknown = [row for row in groups if row["status"] == "unknown"]
    kept = len(groups) - len(behind) - len(unknown)
    if not groups:
        return "Nothing is known of any group in this window."
    said = [_sentence(row) + "." for row in behind[:3]]
    if len(behind) > 3:
        said.append(f"{counted(len(behind) - 3, 'more group')} not up to date.")
    if unknown:
        said.append(f"Of {listing([visible(row['group']) for row in unknown])} the lag is not known.")
    if kept:
        which = "other " if len(groups) > kept else ""
        named = f"The {which}group keeps" if kept == 1 else f"{'The' if which else 'All'} {which}{kept} groups keep"
        said.append(f"{named} up.")
    return " ".join(said)


def _sentence(row: dict[str, Any]) -> str:
    what = f"{visible(row['group'])} {SAID[row['status']]} on {visible(row['destination'])}"
    if not row["lag"]:
        return what
    age = f", the oldest {milliseconds(row['time_lag_ms'])} old" if row["time_lag_ms"] else ""
    return f"{what}: {number(row['lag'])} unread{age}"


def _tone(groups: Sequence[dict[str, Any]], share: float | None) -> Tone:
    statuses = {row["status"] for row in groups}
    if statuses & set(BAD):
        return "error"
    if not groups or "unknown" in statuses:
        return "unknown"
    return "warning" if "draining" in statuses or (share is not None and share < 1) else "good"


def _reading_note(documents: Documents, answer: Document) -> str:
    share = coverage(documents, answer)
    if share is not None and share < 1:
        return f"Only {percentage(share)} of the telemetry arrived: positions may be further than shown."
    if any(row.get("end_bound") == "lower" for row in answer["rows"]):
        return "No broker was watched: the ends of logs are what producers and consumers reported, at least."
    return ""


def _chart(answer: Document, findings: Sequence[Document]) -> LineChart:
    sums: dict[tuple[str, str], list[float | None]] = {}
    for row in answer["rows"]:
        history = row.get("history") or []
        place = (row["group"], row["destination"])
        sums[place] = [_total(pair) for pair in zip(sums.get(place, [None] * len(history)), history, strict=False)]
    worst = sorted(sums, key=lambda place: -max((value or 0 for value in sums[place]), default=0))[:MOST_LINES]
    since, as_of = answer.get("since"), answer.get("as_of")
    lines = tuple(
        Line(
            f"{group} on {destination}",
            _times(since, as_of, len(sums[group, destination])),
            tuple(sums[group, destination]),
        )
        for group, destination in worst
        if since and as_of and any(value is not None for value in sums[group, destination])
    )
    return LineChart("Unread records", "records", lines, _marks(answer, findings))


def _times(since: str, as_of: str, slices: int) -> tuple[str, ...]:
    """Return the ends of the even slices that a history is given in."""
    begin, end = datetime.fromisoformat(since), datetime.fromisoformat(as_of)
    return tuple((begin + (end - begin) * place / slices).isoformat() for place in range(1, slices + 1))


def _marks(answer: Document, findings: Sequence[Document]) -> tuple[tuple[str, str], ...]:
    """Return rebalances: those that the answer names, else those that redeliveries show."""
    named = [(mark["at"], mark["group"]) for mark in answer.get("rebalances") or ()]
    shown = [
        (finding["last_at"], finding["group"])
        for finding in findings
        if finding["kind"] == "redelivery" and finding["reason"] in ("rebalance", "restart")
    ]
    return _merged(sorted(named or shown))


def _merged(marks: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Make one mark of those that follow each other closely; it bears the names of all their groups."""
    merged: list[tuple[datetime, str, list[str]]] = []
    for at, group in marks:
        moment = datetime.fromisoformat(at)
        if merged and moment - merged[-1][0] < ONE_REBALANCE:
            merged[-1] = (moment, merged[-1][1], [*merged[-1][2], group])
        else:
            merged.append((moment, at, [group]))
    return tuple((at, f"rebalance: {', '.join(dict.fromkeys(names))}") for _, at, names in merged)


def _rank(status: str) -> int:
    return WORST_FIRST.index(status) if status in WORST_FIRST else WORST_FIRST.index("unknown")


def _badness(row: dict[str, Any]) -> tuple[int, float, str, str, int]:
    return (_rank(row["status"]), -(row["lag"] or 0), row["group"], row["destination"], row.get("partition") or 0)
