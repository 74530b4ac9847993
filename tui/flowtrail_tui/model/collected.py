"""Documents as exports: the rows that a view shows, whole, with the field names of the documents they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.exportable import Export
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.flows import NEWEST, flow_row, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowtrail_collector.source import Source, Window
    from flowtrail_tui.exportable import Cell

MOST_FLOWS = 10_000
"""So many flows are written: as many as `flowtrail flows --limit` takes. Each of them is judged first."""
_PAGE = 500
_FLOW = (
    "flow",
    "flow_kind",
    "verdict",
    "grade",
    "started_at",
    "last_at",
    "events",
    "deliveries",
    "groups_done",
    "groups_expected",
    "end_to_end_ms",
    "why",
)
_ROOT = ("message_id", "type", "destination", "partition", "offset", "key", "producer")
_LAG = (
    "group",
    "destination",
    "partition",
    "status",
    "reason",
    "position",
    "end",
    "lag",
    "time_lag_ms",
    "rate_in",
    "rate_out",
    "eta_ms",
    "member",
    "last_commit_at",
    "grade",
)


def flows(source: Source, window: Window, filter_text: str, wanted: Callable[[], bool], order: str = NEWEST) -> Export:
    """Read the flows of the window page by page, and stop where nobody wants them any more."""
    document = source.flows(window, filter_text, limit=_PAGE)
    rows = f.items(document.get("rows"))
    following = document.get("next")
    while following is not None and len(rows) < MOST_FLOWS and wanted():
        page = source.flows(window, filter_text, limit=min(_PAGE, MOST_FLOWS - len(rows)), after=str(following))
        known = {(row.get("flow_kind"), row.get("flow")) for row in rows}
        rows += [row for row in f.items(page.get("rows")) if (row.get("flow_kind"), row.get("flow")) not in known]
        following = page.get("next")
    if order != NEWEST:
        rows = [row.document for row in ordered(map(flow_row, rows), order)]
    whole = {**document, "rows": rows, "total": len(rows), "next": following}
    note = f"the window holds older ones: {MOST_FLOWS:,} flows are written at most" if following is not None else ""
    return flows_export(rows, whole, note)


def flows_export(rows: Sequence[dict[str, Any]], document: dict[str, Any], note: str = "") -> Export:
    """Make an export of the rows of `flowtrail.flows/1`."""
    return Export("flows", (*_FLOW, *_ROOT, "findings"), tuple(map(_flow, rows)), document, note=note)


def _flow(row: dict[str, Any]) -> tuple[Cell, ...]:
    root = row.get("root")
    root = root if isinstance(root, dict) else {}
    findings = row.get("findings")
    told = " ".join(map(str, findings)) if isinstance(findings, list) else ""
    return (*(_cell(row.get(name)) for name in _FLOW), *(_cell(root.get(name)) for name in _ROOT), told)


def lag_export(rows: Sequence[dict[str, Any]], document: dict[str, Any]) -> Export:
    """Make an export of the rows of `flowtrail.lag/1`, in the order in which they are shown."""
    cells = tuple(tuple(_cell(row.get(name)) for name in _LAG) for row in rows)
    return Export("lag", _LAG, cells, {**document, "rows": list(rows)})


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
