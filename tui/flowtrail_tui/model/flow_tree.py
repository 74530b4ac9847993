"""A flow as a tree of causes: event, its deliveries per group, and below each the events that it caused.

Built once from `flowtrail.ask/1`, in the thread that asked. An event hangs below the delivery in which its producer
published it, where that is certain; else below the event that it names as its cause; else it is a root.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from flowtrail_reports.steps import deliveries, publications
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.verdict import all_findings, headline, part
from flowtrail_tui.model.words import Word, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_collector.source import Document

Kind = Literal["event", "delivery", "group", "more"]

MOST_SIBLINGS = 20
"""So many siblings of one type are shown one by one; the rest stands behind one row."""
_SLACK_NS = 2_000
"""The start of a send is its end less a duration that was rounded to the microsecond."""
_BAD_OUTCOMES = ("failed", "unfinished")
_FINE = ("processed", "not-expected", "pending", "in-progress", "received", "retrying")


@dataclass(slots=True, eq=False)
class Node:
    """One row of the tree: an event, one delivery to a group, what is known of a group without one, or `(+n)`."""

    kind: Kind
    name: str
    word: Word
    event: Document
    group: Document = field(default_factory=dict)
    step: dict[str, Any] = field(default_factory=dict)
    begin: int | None = None
    end: int | None = None
    waits_from: int | None = None
    """When its waiting began: the event's ack, or the end of the attempt before it."""
    again: bool = False
    """A further delivery of what its group was handed already."""
    skewed: bool = False
    """It began before it was published: two hosts' clocks disagree."""
    bad: bool = False
    children: list[Node] = field(default_factory=list)
    number: int = 0
    parent: Node | None = None


@dataclass(slots=True)
class Flow:
    """The tree, every node of it in the order of the screen, and what the line above it says."""

    document: Document
    roots: list[Node]
    nodes: list[Node]
    begin: int | None
    end: int | None

    @property
    def events(self) -> list[Document]:
        """The events of the answer."""
        return f.items(self.document.get("events"))

    @property
    def name(self) -> str:
        """The flow's id, else what was asked."""
        ids = (event.get("correlation_id") for event in self.events)
        return str(next((one for one in ids if one), self.document.get("asked") or "?"))


def read(document: Document) -> Flow:
    """Build the tree of an answer."""
    events = f.items(document.get("events"))
    tops = [_event_node(event) for event in events]
    below = [_delivery_nodes(top) for top in tops]
    roots = _hang(tops, below)
    for top, own in zip(tops, below, strict=True):
        top.children = [*_by_group(own), *sorted(top.children, key=_when)]
    nodes = _number(_fold_siblings(sorted(roots, key=_when)))
    times = [moment for node in nodes for moment in (node.begin, node.end) if moment is not None]
    first = [node for node in nodes if node.parent is None]
    return Flow(document, first, nodes, min(times, default=None), max(times, default=None))


def _event_node(event: Document) -> Node:
    told = headline(event)
    steps = list(publications(event))
    begun = [at for step in steps if (at := f.moment(step["at"])) is not None]
    acked = [at for step in steps if (at := f.moment(step["ended_at"])) is not None]
    return Node(
        "event",
        f.word(event.get("type") or event.get("destination")),
        verdict(told.word, told.grade),
        event,
        step=steps[0] if steps else {},
        begin=min(begun, default=None),
        end=min(acked, default=None),
        bad=bool(_wrong_with(event)) or part(event, "published").get("answer") in ("no", "in-doubt"),
    )


def _wrong_with(event: Document, group: str | None = None) -> list[Document]:
    """Return the findings, of warning or error, of an event itself or of one of its groups."""
    return [
        one for one in all_findings(event)
        if one.get("severity") in ("error", "warning") and one.get("group") == group
    ]  # fmt: skip


def _delivery_nodes(top: Node) -> list[Node]:
    """Return what each group did with an event: one node per attempt, or one that says why there is none."""
    event, nodes = top.event, []
    for line in f.items(event.get("consumed")):
        before: Node | None = None
        found = _wrong_with(event, line.get("group"))
        for step in deliveries(event, line):
            node = _delivery(top, line, step, before)
            node.bad = bool(
                step["outcome"] in _BAD_OUTCOMES or (found and (node.again or len(line["deliveries"]) == 1))
            )
            nodes.append(node)
            before = node
        if before is None:
            nodes.append(_undelivered(top, line, bad=bool(found)))
    return nodes


def _delivery(top: Node, line: Document, step: dict[str, Any], before: Node | None) -> Node:
    begin, end = f.moment(step["at"]), f.moment(step["ended_at"])
    skewed = begin is not None and top.begin is not None and begin < top.begin
    waits_from = top.end if before is None else before.end or before.begin
    return Node(
        "delivery",
        f.word(line.get("group")),
        _outcome(step, before),
        top.event,
        line,
        step,
        begin,
        end,
        waits_from=None if skewed else waits_from,
        again=before is not None,
        skewed=skewed,
    )


def _outcome(step: dict[str, Any], before: Node | None) -> Word:
    """Say how an attempt ended; one that follows another that ended ok is done again."""
    outcome = step["outcome"]
    if outcome == "ok":
        if before is not None and before.step["outcome"] == "ok":
            return Word("again", "×", "warn")
        return Word("ok", "✓", "ok")
    if outcome is None:
        return Word("handed out", "~", "wait")
    return verdict(outcome)


def _undelivered(top: Node, line: Document, *, bad: bool) -> Node:
    answer = str(line.get("answer"))
    word = verdict(answer, f.word(line.get("grade")))
    if answer == "processed":
        word = Word("passed", "?", "unknown")  # by its position: nobody saw it handled
    return Node("group", f.word(line.get("group")), word, top.event, line, bad=bad or answer not in (*_FINE, "unknown"))


def _when(node: Node) -> tuple[bool, int]:
    """Sort by time; what has none comes last."""
    return (node.begin is None, node.begin or 0)


def _by_group(nodes: list[Node]) -> list[Node]:
    """Sort deliveries by when their group came first; the attempts of one group stay together."""
    first: dict[str, tuple[bool, int]] = {}
    for node in nodes:
        first[node.name] = min(first.get(node.name, _when(node)), _when(node))
    return sorted(nodes, key=lambda node: (first[node.name], node.name))


# Which event caused which.


def _hang(tops: list[Node], below: list[list[Node]]) -> list[Node]:
    """Hang each event below what caused it, and return those that nothing here caused."""
    named: dict[str, list[int]] = defaultdict(list)
    for place, top in enumerate(tops):
        if top.event.get("message_id"):
            named[str(top.event["message_id"])].append(place)
    causes = [_cause(place, tops, below, named) for place in range(len(tops))]
    _cut_circles(tops, causes)
    roots = []
    for top, cause in zip(tops, causes, strict=True):
        if cause is None:
            roots.append(top)
        else:
            place, delivery = cause
            (delivery or tops[place]).children.append(top)
    return roots


Cause = tuple[int, "Node | None"]


def _cause(place: int, tops: list[Node], below: list[list[Node]], named: dict[str, list[int]]) -> Cause | None:
    """Return the event that caused another, and the delivery in which it did, where that is certain."""
    event = tops[place].event
    places = [one for one in named.get(str(event.get("causation_id")), ()) if one != place]
    found = [(one, delivery) for one in places if (delivery := _within(tops[place], below[one])) is not None]
    return found[0] if found else (places[0], None) if places else None


def _within(caused: Node, handled: Sequence[Node]) -> Node | None:
    """Return the delivery in which an event was published: its producer's only one, or the one under way then."""
    producer = caused.event.get("producer")
    own = [node for node in handled if node.kind == "delivery" and producer in _names(node)]
    at = caused.begin
    during = [
        node for node in own
        if at is not None and node.begin is not None and node.begin - _SLACK_NS <= at
        and (node.end is None or at <= node.end + _SLACK_NS)
    ]  # fmt: skip
    return during[0] if len(during) == 1 else own[0] if len(own) == 1 else None


def _names(node: Node) -> tuple[Any, ...]:
    """Return the service that handled a delivery; where it is not told, its group goes for it."""
    service = node.step.get("service")
    return (service,) if service else (node.group.get("group"),)


def _cut_circles(tops: list[Node], causes: list[Cause | None]) -> None:
    """Where events name each other as their causes, the earliest of them is taken for a root."""
    for start in sorted(range(len(tops)), key=lambda place: _when(tops[place])):
        seen, at = {start}, causes[start]
        while at is not None and at[0] not in seen:
            seen.add(at[0])
            at = causes[at[0]]
        if at is not None and at[0] == start:
            causes[start] = None


# The order of the screen.


def _fold_siblings(nodes: Iterable[Node]) -> list[Node]:
    """Put what is too many of one type behind one row, on every level."""
    top = _shortened(list(nodes))
    stack = list(top)
    while stack:
        node = stack.pop()
        if node.kind != "more":
            node.children = _shortened(node.children)
        stack += node.children
    return top


def _shortened(siblings: list[Node]) -> list[Node]:
    counts: dict[tuple[Kind, str], int] = defaultdict(int)
    kept: list[Node] = []
    rest: dict[tuple[Kind, str], Node] = {}
    for node in siblings:
        own = (node.kind, node.name)
        counts[own] += 1
        if counts[own] <= MOST_SIBLINGS:
            kept.append(node)
        else:
            more = rest.setdefault(own, Node("more", node.name, Word("", "", "dim"), node.event, node.group))
            more.children.append(node)
            more.bad = more.bad or _any_bad(node)
    for own, more in rest.items():
        last = max(place for place, node in enumerate(kept) if (node.kind, node.name) == own)
        kept.insert(last + 1, more)
    return kept


def _any_bad(node: Node) -> bool:
    stack = [node]
    while stack:
        at = stack.pop()
        if at.bad:
            return True
        stack += at.children
    return False


def _number(roots: list[Node]) -> list[Node]:
    """Give each node its number, from the top down; return them in that order."""
    nodes: list[Node] = []
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        node.number = len(nodes)
        nodes.append(node)
        for child in node.children:
            child.parent = node
        stack += reversed(node.children)
    return nodes
