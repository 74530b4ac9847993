"""`flowtrail.map/1`: which service publishes where, which group reads what, how fast, how far behind, what is wrong.

Everything is drawn from what was seen in the window, nothing from what is configured.

publishes    service -> destination: events sent, how many failed or are in doubt
consumes     destination -> group: messages processed (or handed out, where processing is not instrumented), how long
             records waited from the start of their publication to the start of the first processing, and the lag
causes       destination -> group -> destination: sends that a processing caused

A group that the broker alone tells of has no count; its rate is that of its position (`rate_from`). Lag and status are
those of the lag question over the same window, findings those of the findings question; to judge them costs several
times the rest, so they can be left out: then they are null, which is not none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import Filter
from flowtrail_collector.questions import findings as judge
from flowtrail_collector.questions.documents import head
from flowtrail_collector.questions.lag import lag
from flowtrail_collector.questions.map_facts import gather
from flowtrail_collector.questions.map_picture import Document, Picture
from flowtrail_collector.questions.status import coverage
from flowtrail_collector.window import parse_instant, rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.findings import Judging
    from flowtrail_collector.window import Window

SCHEMA = "flowtrail.map/1"
FIELDS = ("destination", "group", "producer", "system", "verdict")
READERS = frozenset({"group", "verdict"})
"""Fields that only readers have: a publication passes them with a reader of its destination."""


def map_(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    filter: Filter,  # noqa: A002 the word of the grammar
    *,
    findings: bool = True,
    judging: Judging = judge.judged,
) -> Document:
    """Return the document; without `findings` those are null. Raises UsageError for a field that edges lack."""
    filter.require(FIELDS, "map")
    document = head(connection, SCHEMA)
    facts = gather(connection, window)
    picture = Picture(facts, _all_lag(connection, window), _seconds(facts.began_ns, document["as_of"], window))
    if findings:
        picture.take_findings(judge.findings(connection, window, _everything(), judging)["findings"])
    edges = _kept(picture.publishes(), picture.consumes(), filter)
    document["coverage"] = coverage(connection)
    document["window"] = {"since": rfc3339_or_none(window.since_ns), "until": rfc3339_or_none(window.until_ns)}
    document["seconds"] = picture.seconds
    document["nodes"] = picture.nodes(edges)
    document["edges"] = edges
    document["causes"] = picture.causes(edges)
    document["findings"] = picture.found()
    return document


def _everything() -> Filter:
    return Filter((), None, None, "")


def _all_lag(connection: duckdb.DuckDBPyConnection, window: Window) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = lag(connection, window, _everything())["rows"]
    return rows


def _kept(publishes: list[Document], consumes: list[Document], filter: Filter) -> list[Document]:  # noqa: A002
    """Return the edges that pass; where readers are asked for, publications to what those read that are kept."""
    readers = [edge for edge in consumes if filter.matches(_matched(edge))]
    wanted = [term for term in filter.terms if term.field in READERS]
    rest = [term for term in filter.terms if term.field not in READERS]
    read = {edge["from"] for edge in readers}
    senders = [
        edge
        for edge in publishes
        if (not wanted or edge["to"] in read) and all(term.matches(_matched(edge)) for term in rest)
    ]
    return [*senders, *readers]


def _matched(edge: Document) -> Document:
    """Return what of an edge a filter looks at."""
    return {name: edge[name] for name in ("destination", "group", "services", "system", "status")}


def _seconds(began_ns: int | None, as_of: str | None, window: Window) -> float | None:
    """Return how long the window was told of; None where that is no time."""
    if began_ns is None or as_of is None:
        return None
    ends = parse_instant(as_of)
    took = (ends if window.until_ns is None else min(ends, window.until_ns)) - began_ns
    return round(took / 1e9, 6) if took > 0 else None
