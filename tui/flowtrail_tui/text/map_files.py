"""The map for other programs: a table of its edges, its document, a Mermaid flowchart, an SVG picture."""

from __future__ import annotations

from typing import Any

from flowtrail_tui.exportable import Export
from flowtrail_tui.model import figures as f
from flowtrail_tui.text.map_mermaid import flowchart
from flowtrail_tui.text.map_svg import picture

COLUMNS = (
    *("kind", "from", "to", "system", "destination", "group", "count", "rate", "failed", "in_doubt"),
    *("p95_wait_ms", "lag", "time_lag_ms", "status"),
)


def exported(document: dict[str, Any]) -> Export:
    """Return everything that can be written; a row is an edge, its findings are a last column."""
    rows = tuple((*(edge.get(name) for name in COLUMNS), _findings(edge)) for edge in f.items(document.get("edges")))
    forms = {"mmd": flowchart(document), "svg": picture(document)}
    return Export("map", (*COLUMNS, "findings"), rows, document, forms)


def _findings(edge: dict[str, Any]) -> str | None:
    if edge.get("findings") is None:
        return None
    return ", ".join(f"{one.get('count')} {f.word(one.get('kind'))}" for one in f.items(edge["findings"]))
