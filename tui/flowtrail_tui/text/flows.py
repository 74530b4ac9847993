"""`flowtrail.flows/1` as plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.flows import COLUMNS, cells, flow_row
from flowtrail_tui.text.lists import basis, counted, table

if TYPE_CHECKING:
    from flowtrail_tui.model.parts import Line


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the flows of a document, newest first."""
    rows = [flow_row(row) for row in f.items(document.get("rows"))]
    total = f.whole(document.get("total"))
    shown = counted(len(rows), "flow") + (f" of {total:,}" if total is not None and total > len(rows) else "")
    more = document.get("next")
    after = f"more: --after {more}" if more else ""
    if not rows:
        return [basis(document, "no flow in this window passes the filter")]
    return [*table(COLUMNS, [cells(row) for row in rows], width), (), basis(document, shown, after)]
