"""What must be said of payloads and of what one event caused: equal contents, changed schemas, storms."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.simulator.expected import Expected
from tests.simulator.facts import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.facts import Log, Send
    from tests.simulator.history import History

WINDOW_MS = 60_000
"""Within how many milliseconds after the one before equal content is suspected to be a duplicate."""
STORM = 100
"""How many events one may cause."""


def content_duplicates(history: History) -> Iterator[Expected]:
    """Events of one destination, key and content under different ids, each sent shortly after the one before."""
    alike: dict[tuple[str, str | None, str], list[tuple[float, str]]] = defaultdict(list)
    for (event, destination), sends in history.sends.items():
        told = [send for send in sends if send.origin is None and send.digest and tells_digest(history, send)]
        if told:
            first = min(told, key=lambda send: send.start_ms)
            alike[destination, first.key, str(first.digest)].append((first.start_ms, event))
    for (destination, _, _), events in alike.items():
        for run in runs(sorted(events)):
            if len(run) > 1:
                yield Expected(
                    "content-duplicate", frozenset({"info"}), destination, events=frozenset(run),
                    must=not history.facts.stepped and not history.facts.overwritten,
                )  # fmt: skip


def tells_digest(history: History, send: Send) -> bool:
    """Tell whether the content of an event is told: by our producer that published it, or by our reader of it."""
    published = send.dialect is None and send.outcome != "failed"
    published = published and (send.transaction is None or send.transaction.outcome != "aborted")
    return published or (send.stamped and any(read_by_ours(history, place) for place in places_of(send)))


def read_by_ours(history: History, place: Place) -> bool:
    """Tell whether a processing of a record that our tracer tells of ended."""
    return any(
        history.dialect(turn.instance) is None and history.says(turn) in ("ok", "failed")
        for turn in history.handed[place]
    )


def places_of(send: Send) -> list[Place]:
    """Return the records of a send."""
    return [Place(send.log, offset) for offset in send.appended] if send.log is not None else []


def runs(events: list[tuple[float, str]]) -> Iterator[list[str]]:
    """Cut a row of moments and events where the next one came late."""
    run = [events[0][1]]
    for (before, _), (at, event) in pairwise(events):
        if at - before > WINDOW_MS:
            yield run
            run = []
        run.append(event)
    yield run


def schema_changes(history: History) -> Iterator[Expected]:
    """The schema of a log changed; an error where the old one came back, and the new one after that, of one type."""
    for log, records in history.facts.records.items():
        told = [
            (offset, record.send)
            for offset, record in sorted(records.items())
            if record.send is not None and record.send.schema is not None and tells_schema(history, log, offset)
        ]
        shaky = any(record.place.log == log for record in history.facts.overwritten)
        yield from changes(log, told, shaky=shaky)


def tells_schema(history: History, log: Log, offset: int) -> bool:
    """Tell whether the schema of a record is told: by our producer's ack, or by our reader."""
    send = history.sender(Place(log, offset))
    acked = send is not None and send.dialect is None and send.acked == offset
    return acked or read_by_ours(history, Place(log, offset))


def changes(log: Log, told: list[tuple[int, Send]], *, shaky: bool) -> Iterator[Expected]:
    """Return the changes in a row of records, each at the first record of the new schema."""
    firsts = dict(reversed([(send.schema, offset) for offset, send in told]))
    lasts = {send.schema: offset for offset, send in told}
    for (_, before), (offset, send) in pairwise(told):
        if firsts[send.schema] != offset:
            continue
        back = [
            (at, other) for at, other in told
            if other.schema == before.schema and offset < at < lasts[send.schema] and send.type is not None
        ][:1]  # fmt: skip
        yield Expected(
            "schema-change", frozenset({"error" if back else "info"}), log.destination,
            frozenset({offset, *(at for at, _ in back)}), None,
            frozenset({send.event, *(other.event for _, other in back)}), must=not shaky,
        )  # fmt: skip
        yield from seen_later(log, told, before, offset)


def seen_later(log: Log, told: list[tuple[int, Send]], before: Send, first: int) -> Iterator[Expected]:
    """Return how a change is told by whom the first records of the new schema never arrived."""
    changed = dict(told)[first].schema
    later = [(offset, send) for offset, send in told if offset >= first and send.schema == changed]
    for offset, send in later:
        for at, other in told:
            if other.schema == before.schema and offset < at < later[-1][0] and send.type is not None:
                yield Expected(
                    "schema-change", frozenset({"error"}), log.destination, frozenset({offset, at}), None,
                    frozenset({send.event, other.event}), must=False, why="the first ones never arrived",
                )  # fmt: skip


def storms(history: History) -> Iterator[Expected]:
    """One event caused more events than the limit: at the beginning of the chain, and at each that did so itself."""
    effects: dict[str, set[str]] = defaultdict(set)
    causes: dict[str, str] = {}
    for send in history.facts.sends:
        counts = send.origin is None and send.outcome != "failed" and history.committed(send)
        if send.cause is not None and send.cause_told and counts:
            effects[send.cause].add(send.event)
            causes[send.event] = send.cause
    for event in list(effects):
        begins = event not in causes and len(caused(event, effects)) > STORM
        if begins or len(effects[event]) > STORM:
            of_event = next(send for send in history.facts.sends if send.event == event)
            yield Expected("storm", frozenset({"warning"}), of_event.destination, events=frozenset({event}))


def caused(event: str, effects: dict[str, set[str]]) -> set[str]:
    """Return all that an event caused, directly and through others."""
    found: set[str] = set()
    waiting = [event]
    while waiting:
        more = effects.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found
