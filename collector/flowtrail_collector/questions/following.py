"""What an event is judged by beyond the surroundings of its record.

It is the causes and effects that it hangs together with, events of the same content, and how the schema of its
partition changed. A causal chain may be long and its events may stand anywhere, each in a trace of its own: they are
followed by causation ids, traces, links and records, up and down, step by step. Of a chain that is larger or deeper
than is followed the rest is left out, and the answer says so (`cut`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.seeds import origin_of, place_of
from flowtrail_collector.store.lookup import holds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from flowtrail_collector.questions.ranges import Place
    from flowtrail_collector.questions.scope import Row

MOST_FOLLOWED = 5_000
"""Spans of one causal chain, with its branches, that are looked at."""
MOST_STEPS = 24
"""Steps along a causal chain, up and down at once. Within one trace there is only one, however long the chain is."""
MOST_ALIKE = 400
"""Sends and processings of the contents asked about that are looked at, of each the nearest in time."""

_TELLING = frozenset({"send", "create", "process"})
_SHAPES = ("schema_id", "content_type", "event_version")


class Gathering(Protocol):
    """Spans that were gathered, and the way to more of them."""

    def find(self, sql: str, parameters: Sequence[Any]) -> set[int]:
        """Return the row numbers that a query gives."""

    def add(self, spans: set[int]) -> list[Row]:
        """Read the spans that are not gathered yet, and return those."""

    def rows(self) -> list[Row]:
        """Return all that is gathered."""

    def pairs(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""


@dataclass(slots=True)
class Names:
    """What the spans of some events are known by."""

    ids: set[str] = field(default_factory=set)
    traces: set[bytes] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    origins: set[Place] = field(default_factory=set)
    """Records of which there may be copies: those of the events, whatever they are known by."""

    def copy(self) -> Names:
        """Return names that change by themselves."""
        return Names(set(self.ids), set(self.traces), set(self.places), set(self.origins))

    def size(self) -> int:
        """Return how many there are, to see whether some were added."""
        return len(self.ids) + len(self.traces) + len(self.places) + len(self.origins)

    def without(self, others: Names) -> Names:
        """Return the names that the others lack."""
        return Names(
            self.ids - others.ids,
            self.traces - others.traces,
            self.places - others.places,
            self.origins - others.origins,
        )

    def name(self, row: Row) -> bool:
        """Tell whether a span is of these events, or of their causes and effects."""
        return (
            row["message_id"] in self.ids
            or row["causation_id"] in self.ids
            or row["trace_id"] in self.traces
            or place_of(row) in self.places
            or origin_of(row) in self.origins
        )

    def take(self, row: Row) -> None:
        """Add what a span is known by: its event and the event's cause, its trace, its record where it has no id."""
        self.ids.update(value for value in (row["message_id"], row["causation_id"]) if value)
        self.traces.add(row["trace_id"])
        place = place_of(row)
        if place is not None:
            self.origins.add(place)
            if not row["message_id"]:
                self.places.add(place)
        origin = origin_of(row)
        if origin is not None:
            self.places.add(origin)


def follow(gathering: Gathering, asked: Names, told: Names) -> bool:
    """Gather the causal chains of the events that `asked` names; False where they go on beyond what is followed.

    What `told` names is gathered already.
    """
    names, linked = asked.copy(), set[bytes]()
    for _ in range(MOST_STEPS):
        gathered = gathering.rows()
        _join(names, gathered)
        while names.traces - linked:
            new_traces = names.traces - linked
            linked |= new_traces
            names.traces |= _by_links_of_sends(gathering, new_traces)
            _join(names, gathered)
        new = names.without(told)
        if not new.size():
            return True
        if len(gathered) > MOST_FOLLOWED:
            return False
        told = names.copy()
        found: set[int] = set()
        if new.ids:
            found |= gathering.find(_spans_with("message_id", "VARCHAR"), [sorted(new.ids)])
            found |= gathering.find(_spans_with("causation_id", "VARCHAR"), [sorted(new.ids)])
        if new.traces:
            found |= gathering.find(_spans_with("trace_id", "BLOB"), [sorted(new.traces)])
        if new.places:
            places = [list(column) for column in zip(*sorted(new.places), strict=True)]
            found |= gathering.find(sql_of("around_exactly"), places)
        if new.origins:
            origins = [list(column) for column in zip(*sorted(new.origins), strict=True)]
            found |= gathering.find(sql_of("around_copied"), origins)
        gathering.add(found)
    return False


def alike(gathering: Gathering, asked: Names) -> bool:
    """Gather events of the content of those asked about; False where there are more than are looked at."""
    contents: dict[tuple[Any, ...], int] = {}
    for row in _of(gathering.rows(), asked):
        if row["payload_digest"] is not None:
            content = (row["destination"], row["message_key"], row["payload_digest"])
            contents[content] = min(contents.get(content, row["start_ns"]), row["start_ns"])
    if not contents:
        return True
    each = max(MOST_ALIKE // len(contents), 20)
    columns = [list(column) for column in zip(*((*content, at) for content, at in contents.items()), strict=True)]
    found = gathering.pairs(sql_of("around_contents"), [*columns, each])
    gathering.add({span for span, *_ in found})
    ids = sorted({message_id for _, message_id, _ in found if message_id})
    if ids:
        # What else was sent of them: copies are not suspected.
        gathering.add(gathering.find(_spans_with("message_id", "VARCHAR"), [ids]))
    return all(place < each for *_, place in found)


def changes(gathering: Gathering, asked: Names) -> None:
    """Gather what tells how the schema changed in the partitions of the events asked about."""
    partitions = {
        (row["destination"], row["partition"])
        for row in _of(gathering.rows(), asked)
        if row["partition"] is not None and any(row[column] is not None for column in _SHAPES)
    }
    if partitions:
        columns = [list(column) for column in zip(*sorted(partitions), strict=True)]
        gathering.add({span for span in gathering.find(sql_of("around_schemas"), columns) if span is not None})


def _join(names: Names, rows: Iterable[Row]) -> None:
    """Add what the gathered spans of these events and of their causes and effects are known by, as far as it goes."""
    rest = [row for row in rows if row["operation"] in _TELLING]
    while True:
        of_them = [row for row in rest if names.name(row)]
        before = names.size()
        for row in of_them:
            names.take(row)
        if names.size() == before:
            return


def _of(rows: Iterable[Row], asked: Names) -> list[Row]:
    """Return the sends and processings of the events asked about."""
    return [
        row
        for row in rows
        if row["operation"] in _TELLING and (row["message_id"] in asked.ids or place_of(row) in asked.places)
    ]


def _spans_with(column: str, kind: str) -> str:
    telling = ", ".join(f"'{operation}'" for operation in sorted(_TELLING))
    return (
        f"SELECT rowid FROM span_rows WHERE {holds(column, f'$1::{kind}[]')} AND operation IN ({telling}) "
        f"LIMIT {MOST_FOLLOWED}"
    )


def _by_links_of_sends(gathering: Gathering, traces: Collection[bytes]) -> set[bytes]:
    """Return the traces that sends join to these by links, both ways. A poll links to all that it fetched: not that."""
    if not traces:
        return set()
    links = gathering.pairs(
        f"""
        SELECT trace_id, span_id, linked_trace_id FROM link_rows
        WHERE trace_id IN (SELECT unnest($1::BLOB[])) OR linked_trace_id IN (SELECT unnest($1::BLOB[]))
        LIMIT {MOST_FOLLOWED}
        """,
        [sorted(traces)],
    )
    if not links:
        return set()
    holders = gathering.pairs(
        f"""
        SELECT trace_id, span_id FROM span_rows
        WHERE {holds("trace_id", "$1::BLOB[]")} AND operation IN ('send', 'create')
        """,
        [sorted({trace for trace, _, _ in links})],
    )
    sends = set(holders)
    return {trace for holder, span, linked in links if (holder, span) in sends for trace in (holder, linked)}
