"""Seeded findings for the fake source, and the marks that people put on their causes."""

from typing import Any

from flowtrail_collector.causes import by_cause, cause_id, event_names, span_of
from flowtrail_collector.filters import parse_filter
from flowtrail_collector.marks import Mark, marking
from flowtrail_collector.window import Window, parse_instant, rfc3339

SECOND = 10**9
Finding = dict[str, Any]

SHAPES: tuple[tuple[str, str, str | None, str | None, str | None, str | None, int, int, int], ...] = (
    ("unfinished", "error", "the member went on", "ledger", "orders.created", None, 212, 840, 4),
    ("skipped", "error", "retention", "legacy-etl", "payments.settled", None, 64, 800, 12),
    ("redelivery", "error", "rebalance", "billing", "orders.created", None, 37, 36, 1),
    ("failed", "error", "SMTP 421 service not available", "email", "orders.created", None, 12, 500, 30),
    ("publish-in-doubt", "warning", "timeout", None, "orders.created", "checkout", 9, 260, 20),
    ("redelivery", "warning", "restart", "search-index", "orders.updated", None, 22, 700, 30),
    ("storm", "warning", None, None, "orders.created", "gateway", 1, 410, 1),
    ("completion-reorder", "info", "across keys", "search-index", "orders.updated", None, 20, 780, 35),
    ("telemetry-gap", "info", "hole in numbering", None, None, "audit", 1, 600, 1),
)
"""Kind, severity, reason, group, destination, producer; how many, how long ago the first, and seconds between two."""
_SAID = {
    "unfinished": "ledger was handed this event and never finished it: ledger-1 went on to later records",
    "skipped": "legacy-etl still had to read this event when retention deleted it",
    "redelivery": "billing handled this event twice, 1.31 s apart, after a rebalance (generation 41 to 42, "
    "billing-0 to billing-2)",
    "failed": "email failed to handle this event (SMTP 421 service not available), and nothing shows a further attempt",
    "publish-in-doubt": "checkout does not know whether this event reached orders.created (timeout)",
    "storm": "this event on orders.created caused 418 others, more than the limit of 100 in all",
    "completion-reorder": "search-index finished this event after a later one: concurrent handling",
    "telemetry-gap": "of 9,120 spans that audit recorded, 12 never arrived",
}


def findings(now_ns: int, hostile: tuple[str, ...] = ()) -> list[Finding]:
    """Make the findings of the last quarter of an hour."""
    return [
        _finding(shape, number, now_ns, hostile[place % len(hostile)] if hostile else "")
        for place, shape in enumerate(SHAPES)
        for number in range(shape[6])
    ]


def _finding(shape: tuple[Any, ...], number: int, now_ns: int, evil: str) -> Finding:
    kind, severity, reason, group, destination, producer, _, ago, apart = shape
    first = now_ns - ago * SECOND + number * apart * SECOND // (10 if kind == "redelivery" else 1)
    first = min(first, now_ns - 2 * SECOND)
    partition = None if destination is None else (7 if kind == "unfinished" else number % 3)
    of_no_event = kind == "telemetry-gap"
    return {
        "kind": kind,
        "severity": severity,
        "reason": reason and reason + evil,
        "system": None if of_no_event else "kafka",
        "destination": destination and destination + evil,
        "partition": partition,
        "offsets": [] if of_no_event else [177_274 + number],
        "group": group and group + evil,
        "producer": producer and producer + evil,
        "instance": f"{producer}-0" if producer else None,
        "message_ids": [] if of_no_event else [f"{kind}-{number}{evil}"],
        "count": 418 if kind == "storm" else 2 if kind == "redelivery" else 1,
        "first_at": rfc3339(first),
        "last_at": rfc3339(first + 1_310_000_000),
        "grade": "A" if severity == "error" else "B",
        "summary": _SAID[kind] + evil,
        "evidence": [f"4bf92f3577b34da6a3ce929d0e0e4736/{number:016x}"],
    }


def causes(
    found: list[Finding], marks: dict[str, Mark], window: Window, filter_text: str, now_ns: int
) -> dict[str, Any]:
    """Answer as a collector does."""
    parsed = parse_filter(filter_text)
    inside = [one for one in found if _touches(one, window) and parsed.without("state").matches(one)]
    flow_of = {name: f"ord-{88_190 - number}" for number, name in enumerate(sorted(names_of(inside)))}
    grouped = by_cause(inside, flow_of)
    states = {one.id: marks[one.id].state if one.id in marks else "open" for one in grouped}
    span = span_of(inside, window.since_ns, window.until_ns or now_ns)
    rows = [
        {**one.document(span), "mark": marks[one.id].on(one) if one.id in marks else None}
        for one in grouped
        if (states[one.id] != "muted" and "state:" not in filter_text)
        or ("state:" in filter_text and parsed.matches({**one.findings[0], "states": [states[one.id], "all"]}))
    ]
    totals = {state: list(states.values()).count(state) for state in ("open", "acknowledged", "muted")}
    attention = sum(states[one.id] == "open" and one.findings[0]["severity"] != "info" for one in grouped)
    return {
        "schema": "flowtrail.causes/1",
        "as_of": rfc3339(now_ns),
        "window": {"since": None, "until": None},
        "rows": rows,
        "totals": {**totals, "attention": attention, "findings": len(inside), "shown": len(rows)},
    }


def named(found: list[Finding], filter_text: str) -> list[Finding]:
    """Return the findings that a filter lets through, which may ask for a cause."""
    parsed = parse_filter(filter_text)
    return [one for one in found if parsed.matches({**one, "cause": cause_id(one)})]


def mark(
    marks: dict[str, Mark], cause: str, state: str, note: str | None, by: str | None, now_ns: int
) -> dict[str, Any]:
    """Keep a mark as a store does."""
    wanted = marking(cause, state, note, by)
    before = marks[cause].note if cause in marks else ""
    made = Mark(cause, state, before if wanted.note is None else wanted.note, wanted.by or "ann", now_ns, now_ns)
    marks[cause] = made
    return {"schema": "flowtrail.mark/1", "cause": cause, **made.document()}


def names_of(found: list[Finding]) -> set[str]:
    """Name every event that findings are of."""
    return {name for one in found for name in event_names(one)}


def _touches(one: Finding, window: Window) -> bool:
    first, last = parse_instant(one["first_at"]), parse_instant(one["last_at"])
    return (window.since_ns is None or last >= window.since_ns) and (
        window.until_ns is None or first <= window.until_ns
    )
