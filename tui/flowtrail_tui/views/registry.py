"""The views there are, one line each: the tabs above, the keys, the palette and the frame read them here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowtrail_tui.views.base import View


@dataclass(frozen=True, slots=True)
class Entry:
    """A view: its name, the key that shows it, its title, what it is for, and where it is made.

    A view without a key is opened from a row of another and has no tab.
    """

    name: str
    key: str
    title: str
    does: str
    made_by: str


VIEWS = (
    Entry("flows", "1", "Flows", "the live list of flows", "flowtrail_tui.views.flows:FlowsView"),
    Entry("lag", "2", "Lag", "which group is behind, and where", "flowtrail_tui.views.lag:LagView"),
    Entry(
        "anomalies",
        "3",
        "Anomalies",
        "what went wrong, by cause; acknowledge, mute, note",
        "flowtrail_tui.views.anomalies:AnomaliesView",
    ),
    Entry(
        "map", "4", "Map", "what flows where, how fast, and what is wrong on the way", "flowtrail_tui.views.map:MapView"
    ),
    Entry("reports", "5", "Reports", "make reports, and find them", "flowtrail_tui.views.reports:ReportsView"),
    Entry("ask", ":", "Ask", "ask about an event, a flow, a record or a key", "flowtrail_tui.views.ask:AskView"),
    Entry(
        "flow",
        "",
        "Flow",
        "one flow: its causes, sequence, spans",
        "flowtrail_tui.views.flow:FlowView",
    ),
    Entry("evidence", "", "Evidence", "the spans behind a claim", "flowtrail_tui.views.evidence:EvidenceView"),
)
NAMES = tuple(entry.name for entry in VIEWS)


def make(name: str) -> View:
    """Make a view that was not looked at before; its modules are loaded only now."""
    module, _, made_by = next(entry.made_by for entry in VIEWS if entry.name == name).partition(":")
    view: View = getattr(import_module(module), made_by)()
    return view


def warm_up() -> None:
    """Load what the first switch of views would otherwise wait for."""
    for entry in VIEWS:
        import_module(entry.made_by.partition(":")[0])
