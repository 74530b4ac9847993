"""Collects what a report is made from: answers of a source, taken one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import NothingKnown
from flowtrail_collector.filters import parse_filter
from flowtrail_collector.window import rfc3339_or_none
from flowtrail_reports.marked import marked

if TYPE_CHECKING:
    from flowtrail_collector.source import Source
    from flowtrail_collector.window import Window

Document = dict[str, Any]

_ASKED = {
    "lag": "rebalances",
    "duplicates": "findings",
    "order": "order",
    "losses": "losses",
    "flow": "verdict",
}
DUPLICATES = ("resend", "republish", "redelivery")
"""Findings by which an event counts as duplicated."""
EXPLAINED = ("replay", "content-duplicate")
"""Findings that explain or suspect a repetition."""
MOST_ASKED = 200
MOST_SECONDS = 15.0
"""So many duplicated events are asked about, and for so long; a report names all, and shows the deliveries of these."""


@dataclass(frozen=True, slots=True)
class Documents:
    """Answers, as the contract defines them."""

    source: str
    since: str | None = None
    until: str | None = None
    filter: str = ""
    status: Document = field(default_factory=dict)
    lag: Document = field(default_factory=lambda: {"rows": []})
    latency: Document | None = field(default_factory=lambda: {"rows": [], "convergence": []})
    """None where the filter asks for something that latencies do not have."""
    findings: Document = field(default_factory=lambda: {"findings": []})
    events: dict[str, Document] = field(default_factory=dict)
    """Events of `flowtrail.ask/1` by message id, for the duplicated ones."""
    order: Document = field(default_factory=lambda: {"rows": [], "findings": []})
    losses: Document = field(default_factory=lambda: {"rows": [], "findings": []})
    answer: Document = field(default_factory=lambda: {"asked": "", "events": []})
    """`flowtrail.ask/1` on what the flow report is about."""


Step = Callable[[str], None]
"""Is told what is being done: `asking for the lag`, `asking about the events: 12 of 48`."""


def unsaid(_step: str) -> None:
    """Take no note of a step."""


def gather(
    report: str,
    source: Source,
    window: Window,
    filter_text: str = "",
    *,
    what: str | None = None,
    step: Step = unsaid,
) -> Documents:
    """Ask `source` all that `report` needs; `what` names the event or flow of the flow report.

    That one looks through everything, whatever the window. Each question is told to `step`. Raises the source's errors.
    """
    step("asking how complete the data is")
    about: dict[str, Any] = {"source": source.name, "filter": filter_text, "status": source.status()}
    step(f"asking for the {_ASKED[report]}")
    if report == "flow":
        return Documents(**about, answer=source.ask(what or ""))
    about |= {"since": rfc3339_or_none(window.since_ns), "until": rfc3339_or_none(window.until_ns)}
    if report == "order":
        return Documents(**about, order=marked(source.order(window, filter_text)))
    if report == "losses":
        return Documents(**about, losses=marked(source.losses(window, filter_text)))
    if report == "lag":
        rebalances = source.findings(window, "kind:redelivery")
        step("asking for the lag")
        lag = source.lag(window, filter_text)
        step("asking how long events take")
        return Documents(**about, findings=rebalances, lag=lag, latency=_latency(source, window, filter_text))
    found = marked(source.findings(window, f"{filter_text} kind:{','.join((*DUPLICATES, *EXPLAINED))}".strip()))
    return Documents(**about, findings=found, events=_events(source, found, step))


def _latency(source: Source, window: Window, filter_text: str) -> Document | None:
    """Ask how long events take, unless the filter is about the state of a lag: events have none."""
    terms = parse_filter(filter_text).terms
    return None if any(term.field == "verdict" for term in terms) else source.latency(window, filter_text)


def _events(source: Source, findings: Document, step: Step) -> dict[str, Document]:
    wanted = [
        message_id
        for finding in findings["findings"]
        if finding["kind"] in DUPLICATES and finding["severity"] != "info"
        for message_id in finding["message_ids"]
    ]
    events: dict[str, Document] = {}
    deadline = monotonic() + MOST_SECONDS
    asked = list(dict.fromkeys(wanted))[:MOST_ASKED]
    for place, message_id in enumerate(asked, 1):
        if monotonic() > deadline:
            break
        step(f"asking about the events: {place} of {len(asked)}")
        try:
            answer = source.ask(f"id:{message_id}")
        except NothingKnown:  # its spans were removed since the findings were asked for
            continue
        events.update({event["message_id"]: event for event in answer["events"] if event["message_id"] == message_id})
    return events
