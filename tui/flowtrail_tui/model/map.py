"""The map as steps: every edge once, in an order that can be read from left to right and from top to bottom.

A group whose only service publishes is that service: what it publishes goes on from the group. Where a service reads as
several groups, its sends go on from those whose processings caused them. Everything behind a node is drawn where the
node comes first; where it comes again, a mark says so. That ends cycles too: one without a beginning begins where most
is sent that nothing caused.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrail_tui.model import figures as f

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Document = dict[str, Any]
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Found:
    """Findings of one kind."""

    kind: str
    severity: str
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """A node where it is drawn: come to along an edge, or one to which nothing leads."""

    id: str
    kind: str
    name: str
    node: Document
    edge: Document | None
    rate: float | None
    depth: int
    parent: int | None
    """The place of the step before it, among all steps."""
    children: tuple[int, ...] = ()
    elsewhere: bool = False
    """What follows is drawn where this node came first."""
    folded: int | None = None
    """So many nodes behind it are hidden; None where nothing is."""
    found: tuple[Found, ...] | None = ()
    """Gravest first; None while they are not known."""

    @property
    def reads(self) -> Document | None:
        """The edge, where it is one on which a group reads: those have a wait, a lag and a status."""
        return self.edge if self.edge is not None and self.edge.get("kind") == "consumes" else None

    @property
    def identity(self) -> tuple[str, str]:
        """What stays the same from answer to answer."""
        return (f.word(self.edge.get("from")) if self.edge is not None else "", self.id)


class _Link(NamedTuple):
    end: str
    edge: Document
    rate: float | None


def steps(document: Document, folded: Collection[str] = ()) -> tuple[Step, ...]:
    """Return all steps, each behind the one that leads to it; behind the nodes of `folded` nothing is drawn."""
    graph = _Graph(document)
    drawn: list[Step] = []
    seen: set[str] = set()
    hidden: set[str] = set()
    for start in graph.starts(seen, hidden):
        stack: list[tuple[_Link | None, str, int | None]] = [(None, start, None)]
        while stack:
            link, node, parent = stack.pop()
            again = node in seen
            follows = [] if again else graph.links.get(node, [])
            step = graph.step(node, link, parent, drawn, again=again)
            if follows and node in folded:
                behind = graph.behind(node) - seen - {node}
                hidden |= behind
                step, follows = replace(step, folded=len(behind)), []
            seen.add(node)
            drawn.append(step)
            stack += [(one, one.end, len(drawn) - 1) for one in reversed(follows)]
    return _with_children(drawn)


class _Graph:
    """Which node leads where."""

    def __init__(self, document: Document) -> None:
        self.nodes = {f.word(node.get("id")): node for node in f.items(document.get("nodes"))}
        self.links: dict[str, list[_Link]] = defaultdict(list)
        self._caused: dict[tuple[str, str], float] = defaultdict(float)
        for cause in f.items(document.get("causes")):
            self._caused[f.word(cause.get("group")), f.word(cause.get("to"))] += f.number(cause.get("rate")) or 0.0
        for edge in f.items(document.get("edges")):
            for start, rate in self._from(edge):
                self.links[start].append(_Link(f.word(edge.get("to")), edge, rate))
        for links in self.links.values():
            links.sort(key=lambda link: self._order(link.end))

    def _from(self, edge: Document) -> list[tuple[str, float | None]]:
        """Return where an edge begins: where it says, or at the groups that its service reads as, and how fast."""
        start, rate = f.word(edge.get("from")), f.number(edge.get("rate"))
        named = f.texts(self.nodes.get(start, {}).get("groups")) if edge.get("kind") == "publishes" else []
        groups = [name for one in named if (name := f"group:{one}") in self.nodes]
        if len(groups) < 2:
            return [(groups[0] if groups else start, rate)]
        shares = [(group, self._caused.get((group, f.word(edge.get("to"))), 0.0)) for group in groups]
        causing = [(group, share) for group, share in shares if share]
        rest = (rate or 0.0) - sum(share for _, share in causing)
        return [*causing, (start, rest)] if rest > 1e-6 or not causing else list(causing)

    def _order(self, node: str) -> tuple[bool, str]:
        known = self.nodes.get(node, {})
        return bool(known.get("dead_letter")), f.word(known.get("name"), node)

    def starts(self, seen: set[str], hidden: set[str]) -> Iterable[str]:
        """Give nodes to which nothing leads, then, while anything is neither drawn nor hidden, where a cycle begins."""
        ends = {link.end for links in self.links.values() for link in links}
        first = [node for node in self.links if node not in ends]
        yield from sorted(first, key=lambda node: (not node.startswith("service:"), self._order(node), node))
        while rest := [node for node in self.links if node not in seen and node not in hidden]:
            yield min(rest, key=lambda node: (-self._uncaused(node), self._order(node), node))

    def _uncaused(self, node: str) -> float:
        """Return how much a node sends that nothing caused."""
        if not node.startswith("group:"):
            return -1.0
        return sum((link.rate or 0.0) - self._caused.get((node, link.end), 0.0) for link in self.links[node])

    def behind(self, node: str) -> set[str]:
        """Return every node that can be come to from here."""
        found: set[str] = set()
        pending = [node]
        while pending:
            for link in self.links.get(pending.pop(), ()):
                if link.end not in found:
                    found.add(link.end)
                    pending.append(link.end)
        return found

    def step(self, node: str, link: _Link | None, parent: int | None, drawn: list[Step], *, again: bool) -> Step:
        """Return a node as it is drawn behind `parent`; the left side is the services'."""
        known = self.nodes.get(node, {})
        kind = f.word(known.get("kind"), node.partition(":")[0])
        return Step(
            id=node,
            kind=kind,
            name=f.word(known.get("name"), "(no name)"),
            node=known,
            edge=link.edge if link else None,
            rate=link.rate if link else None,
            depth=int(kind == "destination") if parent is None else drawn[parent].depth + 1,
            parent=parent,
            elsewhere=again and bool(self.links.get(node)),
            found=_found([*([] if again else [known]), *([link.edge] if link else [])]),
        )


def _with_children(drawn: list[Step]) -> tuple[Step, ...]:
    children: dict[int, list[int]] = defaultdict(list)
    for place, step in enumerate(drawn):
        if step.parent is not None:
            children[step.parent].append(place)
    return tuple(replace(step, children=tuple(children.get(place, ()))) for place, step in enumerate(drawn))


def _found(holders: Iterable[Document]) -> tuple[Found, ...] | None:
    """Put together what was found at an edge and at the node it leads to."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for holder in holders:
        if holder.get("findings", ()) is None:
            return None
        for one in f.items(holder.get("findings")):
            counts[f.word(one.get("severity")), f.word(one.get("kind"))] += f.whole(one.get("count")) or 0
    ordered = sorted(counts.items(), key=lambda one: (_gravity(one[0][0]), -one[1], one[0][1]))
    return tuple(Found(kind, severity, count) for (severity, kind), count in ordered)


def _gravity(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def without_figures(document: Document) -> Document:
    """Forget what is only true while the source answers: its rates, waits, lags and statuses."""
    unknown = {"rate": None, "p95_wait_ms": None, "lag": None, "time_lag_ms": None}
    edges = [
        {**edge, **unknown, "status": "unknown" if edge.get("kind") == "consumes" else None}
        for edge in f.items(document.get("edges"))
    ]
    causes = [{**cause, "rate": None} for cause in f.items(document.get("causes"))]
    return {**document, "edges": edges, "causes": causes}
