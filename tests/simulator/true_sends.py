"""What is true of sends: publications, conflicts, second copies, and the order of logs."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.simulator.expected import ERROR, INFO, WARNING, Expected
from tests.simulator.facts import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.facts import Log, Send
    from tests.simulator.history import History


def publications(history: History) -> Iterator[Expected]:
    """publish-failed, publish-in-doubt, ghost-publish."""
    for (event, destination), sends in history.sends.items():
        handed = [place for send in sends for place in places_of(send) if history.handed[place]]
        shadow = history.shadowed(destination) or any(send.dialect for send in sends)
        if any(send.dialect and send.outcome == "failed" for send in sends):
            # A send that names no event is one of its own: nobody knows another one to be the same event's.
            yield Expected("publish-failed", ERROR, destination, frozenset(), None, frozenset(), must=False)
        ghosts = [
            send for send in sends
            if send.outcome == "failed" and any(history.processed_somewhere(place) for place in places_of(send))
        ]  # fmt: skip
        if ghosts:
            for send in ghosts:
                offsets = frozenset(p.offset for p in places_of(send) if history.processed_somewhere(p))
                must = send.dialect is None
                yield Expected("ghost-publish", ERROR, destination, offsets, None, frozenset({event}), must=must)
        elif any(send.outcome == "failed" for send in sends) and all(
            send.outcome == "failed" or not history.committed(send) for send in sends
        ):
            shadow = shadow or any(send.outcome == "failed" and history.maybe_read(send) for send in sends)
            aborted = any(send.outcome != "failed" for send in sends)
            if not handed:
                yield Expected(
                    "publish-failed", ERROR, destination, frozenset(), None, frozenset({event}),
                    must=not shadow and not aborted,
                )  # fmt: skip
            else:
                yield Expected("ghost-publish", ERROR, destination, frozenset(p.offset for p in handed), None,
                    frozenset({event}), must=False, why="handed out and never seen processed")  # fmt: skip
        if in_doubt(history, sends):
            doubted = min(send.wire.span.start_ns for send in sends if send.outcome == "in-doubt" and send.wire)
            if history.facts.as_of_ns - doubted > 120_000 * 1_000_000:
                must = all(send.dialect is None for send in sends)
                yield Expected(
                    "publish-in-doubt", WARNING, destination, frozenset(), None, frozenset({event}), must=must
                )


def in_doubt(history: History, sends: list[Send]) -> bool:
    """Tell whether neither an ack nor a definite failure is known, and nobody is known to have seen it."""
    return (
        any(send.outcome == "in-doubt" for send in sends)
        and not any(send.outcome == "acked" and history.committed(send) for send in sends)
        and not any(map(history.seen, sends))
    )


def places_of(send: Send) -> list[Place]:
    """Return the records of a send."""
    return [Place(send.log, offset) for offset in send.appended] if send.log is not None else []


def offset_conflicts(history: History) -> Iterator[Expected]:
    """Two different events at one record."""
    for place in {record.place for record in history.facts.overwritten}:
        events = {
            record.send.event
            for record in [*history.facts.overwritten, history.record(place)]
            if record is not None and record.place == place and record.send is not None
        }
        if len(events) > 1:
            yield Expected(
                "offset-conflict", ERROR, place.log.destination, frozenset({place.offset}), None, frozenset(events),
                must=history.named(place) and not any(
                    record.send.dialect for record in [*history.facts.overwritten, history.record(place)]
                    if record is not None and record.place == place and record.send is not None
                ),
            )  # fmt: skip


def resends(history: History) -> Iterator[Expected]:
    """One send operation at two or more offsets."""
    for record in history.facts.overwritten:
        if record.send is not None and record.send.appended:  # its second copy was there, until another event was
            send = record.send
            yield Expected("resend", ERROR, send.destination, frozenset(), None, frozenset({send.event}), must=False)
    for send in history.facts.sends:
        if len(send.appended) < 2:
            continue
        named = [place for place in places_of(send) if history.named(place)]
        must = len(named) > 1 and (send.dialect is None or all_accounted(history, send))
        offsets = frozenset(p.offset for p in (named if must else places_of(send)))
        yield Expected("resend", ERROR, send.destination, offsets, None, frozenset({send.event}), must=must)


def all_accounted(history: History, send: Send) -> bool:
    """Tell whether of each other send of its producer there it is known where it stands: it is not of theirs."""
    return all(
        history.outcome(other) in ("acked", "failed") or any(map(history.processed_somewhere, places_of(other)))
        for other in history.facts.sends
        if other.service == send.service and other.destination == send.destination and other is not send
    )


def republishes(history: History) -> Iterator[Expected]:
    """The same message id sent again to the same destination, by different send operations."""
    for (event, destination), sends in history.sends.items():
        counted = [
            send for send in sends
            if send.origin is None and send.outcome != "failed" and history.committed(send)
        ]  # fmt: skip
        # Whether another instrumentation's send failed, or was aborted, is not always told.
        untold = any(send.dialect and send.origin is None for send in sends)
        if len(counted) < 2 and not (untold and len(sends) > 1):
            continue
        offsets = frozenset(
            place.offset
            for send in counted
            for place in ([Place(send.log, send.acked)] if send.acked is not None and send.log else
                          [p for p in places_of(send) if history.named(p)][:1])
        )  # fmt: skip
        named = all(send.named and history.outcome(send) == "acked" for send in counted)
        must = len(counted) > 1 and (not untold or named)
        yield Expected("republish", WARNING, destination, offsets, None, frozenset({event}), must=must)


def log_reorders(history: History) -> Iterator[Expected]:
    """The log of one producer's sends in another order than it sent them: first copies only."""
    streams: dict[tuple[str, Log], list[Send]] = defaultdict(list)
    for send in history.facts.sends:
        if send.log is not None and send.appended:
            streams[send.instance, send.log].append(send)
    for record in history.facts.overwritten:
        if record.send is not None:  # where it stood, and what stood before it, is told of by nothing but its ack
            yield Expected(
                "log-reorder", ERROR | INFO, record.place.log.destination, frozenset({record.place.offset}), None,
                frozenset({record.send.event}), must=False,
            )  # fmt: skip
    for (_, log), sends in streams.items():
        sends.sort(key=lambda send: send.appended[0])
        for at, send in enumerate(sends):
            overtakers = [other for other in sends[:at] if other.seq > send.seq]
            if not overtakers:
                continue
            below = [history.record(Place(log, offset)) for offset in range(send.appended[0])]
            proven = all(record is not None and told_of(history, record.place) for record in below)
            proven = proven and history.named(Place(log, send.appended[0]))
            one_key = send.key is not None and any(other.key == send.key for other in overtakers)
            yield Expected(
                "log-reorder", ERROR if one_key else INFO, log.destination, frozenset({send.appended[0]}), None,
                frozenset({send.event}), must=proven and send.dialect is None,
            )  # fmt: skip


def told_of(history: History, place: Place) -> bool:
    """Tell whether nothing else can stand at a record than what telemetry names there."""
    send = history.sender(place)
    return history.id_told(place) or (send is not None and send.acked == place.offset)
