"""What must be said of a world: verdicts.md applied to the facts, in plain Python and without a look at any SQL."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.simulator.answers import Answering
from tests.simulator.contents import content_duplicates, schema_changes, storms
from tests.simulator.expected import Expected, Truth
from tests.simulator.facts import Place
from tests.simulator.history import NEVER, History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.facts import Attempt, Facts, Log, Move, Send, Turn
    from tests.simulator.foreign import Dialect

ERROR, WARNING, INFO = frozenset({"error"}), frozenset({"warning"}), frozenset({"info"})


def truth_of(facts: Facts) -> Truth:
    """Return all findings and answers that are true."""
    history = History(facts)
    answering = Answering(history)
    found: list[Expected] = []
    for part in (
        publications, offset_conflicts, resends, republishes, redeliveries, log_reorders, delivery_reorders,
        completion_reorders, completion_of_the_rest, causal_inversions, early_commits, unread_destinations, loops,
        losses, content_duplicates, schema_changes, storms,
    ):  # fmt: skip
        found += part(history)
    found += answering.findings()
    found = [
        replace(one, must=False) if one.destination is not None and history.blurred(one.destination) else one
        for one in found
    ]
    return Truth(found, answering.answers(found))


# --- publishing ---


def publications(history: History) -> Iterator[Expected]:
    """publish-failed, publish-in-doubt, ghost-publish."""
    for (event, destination), sends in history.sends.items():
        handed = [place for send in sends for place in places_of(send) if history.handed[place]]
        shadow = history.shadowed(destination) or any(send.dialect for send in sends)
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


# --- delivery ---


def segments(history: History, turns: list[Turn]) -> Iterator[list[Turn]]:
    """Cut the deliveries of one record to one group where the position was moved back by seek or reset."""
    segment: list[Turn] = []
    for turn in turns:
        if segment and moved_back(history, segment[-1], turn):
            yield segment
            segment = []
        segment.append(turn)
    if segment:
        yield segment


def moved_back(history: History, before: Turn, after: Turn) -> bool:
    """Tell whether a seek or reset to or below the record lies between two deliveries of it."""
    moves = history.moves[before.group, before.place.log]
    return any(
        before.handed < move.order < after.handed
        and move.position <= before.place.offset
        and (
            (move.reason in ("seek", "reset") and stood(history, move) > before.place.offset)
            or (move.reason == "assign" and move.position < acknowledged(history, move))
        )
        for move in moves
    )


def stood(history: History, move: Move) -> int:
    """Return where an owner stood before it was moved: where it was set last, or behind all it was handed since."""
    since, position = max(
        (
            (other.order, other.position) for other in history.moves[move.group, move.log]
            if other.ownership == move.ownership and other.order < move.order
            and other.reason in ("assign", "seek", "reset")
        ),
        default=(0, NEVER),
    )  # fmt: skip
    handed = [
        turn.place.offset + 1 for turn in history.in_group[move.group, move.log]
        if turn.ownership == move.ownership and since < turn.handed < move.order
    ]  # fmt: skip
    return max(handed, default=position)


def acknowledged(history: History, assigned: Move) -> int:
    """Return the group's position before an assignment, as far as the broker acknowledged it."""
    before = [
        move.position for move in history.moves[assigned.group, assigned.log]
        if move.order < assigned.order and move.reason == "commit"
    ]  # fmt: skip
    return before[-1] if before else 0


def redeliveries(history: History) -> Iterator[Expected]:
    """One group handed the same record again without a move back: redelivery; with one: replay."""
    for (group, place), turns in history.turns.items():
        if history.dark(group):
            yield from told_again(history, group, place, turns)
            continue
        cut = list(segments(history, turns))
        event = history.sender(place)
        events = frozenset({event.event}) if event and history.named(place) else frozenset()
        for _ in cut[1:]:
            yield Expected("replay", INFO, place.log.destination, frozenset({place.offset}), group, events)
        for segment in cut:
            if len(segment) < 2:
                continue
            oks = [attempt for turn in segment for attempt in turn.attempts if attempt.ok]
            ok_turns = [turn for turn in segment if any(attempt.ok for attempt in turn.attempts)]
            crashed = bool(history.crashes[group, place.log])
            if len(ok_turns) > 1 and history.instrumented(group, place.log):
                severities = frozenset({"error", "warning"}) if crashed else ERROR
            elif all(unsuccessful(history, turn) for turn in segment[:-1]):
                severities = INFO
            else:
                severities = WARNING
            if len(oks) < 2 and any(
                not any(attempt.ended for attempt in turn.attempts) and (turn.attempts or history.vanished(turn))
                for turn in segment[:-1]
            ):
                severities = severities | {"info", "warning"}
            if history.facts.stepped and len({turn.instance for turn in segment}) < len(segment):
                severities = severities | {"warning"}  # which poll of an instance a processing was of, is not certain
            yield Expected("redelivery", severities, place.log.destination, frozenset({place.offset}), group, events)


def told_again(history: History, group: str, place: Place, turns: list[Turn]) -> Iterator[Expected]:
    """What another instrumentation tells twice was handed out twice, or tried twice; why, it does not tell."""
    tries = sum(max(len([a for a in turn.attempts if a.ended is not None]), 1) for turn in turns)
    if tries < 2:
        return
    told = [turn for turn in turns if history.tells_place(turn) and history.says(turn)]
    dialect = history.dialect(turns[0].instance)
    fetched = dialect is not None and dialect.fetches and any(history.says(turn) == "received" for turn in told)
    send = history.sender(place)
    yield Expected(
        "redelivery", WARNING | INFO, place.log.destination, frozenset({place.offset}), group,
        frozenset({send.event}) if send else frozenset(),
        must=len(told) > 1 and not fetched and not told_as_one(told, dialect)
        and not any(record.place == place for record in history.facts.overwritten),
    )  # fmt: skip


def told_as_one(turns: list[Turn], dialect: Dialect | None) -> bool:
    """Tell whether two processes that look like one had a record in hand at once: that is one delivery told twice."""
    spans = sorted((turn.handed, first_end(turn) or NEVER) for turn in turns)
    at_once = any(after[0] < before[1] for before, after in pairwise(spans))
    return at_once and dialect is not None and not dialect.instances


def unsuccessful(history: History, turn: Turn) -> bool:
    """Tell whether a delivery ended in a failure, or began and never ended."""
    ended = [attempt for attempt in turn.attempts if attempt.ended is not None]
    if ended:
        return not any(attempt.ok for attempt in ended)
    left = history.left(turn)
    return history.instrumented(turn.group, turn.place.log) and (
        history.went_on(turn)
        or (left is not None and history.committed_past(turn) and left.position > turn.place.offset)
    )


def sequences(history: History) -> dict[tuple[str, str, Log, int], list[Turn]]:
    """Return what each member was handed in each stretch between assign, seek and reset: first copies only."""
    found: dict[tuple[str, str, Log, int], list[Turn]] = defaultdict(list)
    for turn in history.facts.turns:
        if history.turns[turn.group, turn.place][0] is turn:
            found[turn.group, turn.instance, turn.place.log, turn.sequence].append(turn)
    return found


def delivery_reorders(history: History) -> Iterator[Expected]:
    """A member handed records against their offsets."""
    for (group, _, log, _), turns in sequences(history).items():
        for at, turn in enumerate(turns):
            overtakers = [other for other in turns[:at] if other.place.offset > turn.place.offset]
            if overtakers:
                yield reordered("delivery-reorder", WARNING, history, group, log, turn, overtakers)


def completion_reorders(history: History) -> Iterator[Expected]:
    """A record done after one that was handed out later."""
    for (group, _, log, _), turns in sequences(history).items():
        done = [(first_end(turn), turn) for turn in turns if first_end(turn) is not None]
        for end, turn in done:
            overtakers = [
                other
                for other_end, other in done
                if other_end is not None and end is not None and other_end < end and handed_later(other, turn)
            ]
            if overtakers:
                yield reordered("completion-reorder", INFO, history, group, log, turn, overtakers)


def completion_of_the_rest(history: History) -> Iterator[Expected]:
    """Records that were first done out of order after somebody else had been handed them and did not end them."""
    done: dict[tuple[str, str, Log, int], list[Turn]] = defaultdict(list)
    for (group, _), turns in history.turns.items():
        ended = [turn for turn in turns if first_end(turn) is not None]
        if ended:
            first = min(ended, key=lambda turn: first_end(turn) or 0)
            done[group, first.instance, first.place.log, first.sequence].append(first)
    for (group, _, log, _), turns in done.items():
        for turn in turns:
            overtakers = [
                other for other in turns
                if (first_end(other) or 0) < (first_end(turn) or 0) and handed_later(other, turn)
            ]  # fmt: skip
            again = any(history.turns[group, one.place][0] is not one for one in [turn, *overtakers])
            if overtakers and again:
                found = reordered("completion-reorder", INFO | ERROR, history, group, log, turn, overtakers)
                yield replace(found, must=False)


def handed_later(other: Turn, turn: Turn) -> bool:
    """Tell whether one record was handed out after another: by poll, within one by offset."""
    return (other.handed, other.place.offset) > (turn.handed, turn.place.offset)


def first_end(turn: Turn) -> int | None:
    return min((attempt.ended for attempt in turn.attempts if attempt.ended is not None), default=None)


def reordered(
    kind: str, otherwise: frozenset[str], history: History, group: str, log: Log, turn: Turn, overtakers: list[Turn]
) -> Expected:
    """Return the finding of a record that was overtaken: an error where they share a key."""
    send = history.sender(turn.place)
    same = [o.place for o in overtakers if (other := history.sender(o.place)) and send and other.key == send.key]
    named = history.named(turn.place)
    severities = otherwise
    if send is not None and send.key is not None and same:  # what is not named may be of the same key, and nobody knows
        severities = ERROR if named and any(map(history.named, same)) else otherwise | ERROR
    return Expected(
        kind, severities, log.destination, frozenset({turn.place.offset}), group,
        frozenset({send.event}) if send and named else frozenset(),
        must=not history.crashes[group, log] and not history.dark(group),
    )  # fmt: skip


def causal_inversions(history: History) -> Iterator[Expected]:
    """A group began an effect before its cause."""
    begun: dict[tuple[str, str], list[tuple[Turn, Attempt]]] = defaultdict(list)
    for turn in history.facts.turns:
        send = history.sender(turn.place)
        if send is not None:
            begun[turn.group, send.event] += [(turn, attempt) for attempt in turn.attempts if attempt.ended is not None]
    causes = {(send.event, send.cause) for send in history.facts.sends if send.cause is not None}
    for group in history.groups:
        for event, cause in causes:
            effects, reasons = begun[group, event], begun[group, cause]
            if not effects or not reasons:
                continue
            if min(a.began for _, a in effects) >= min(a.began for _, a in reasons):
                continue
            hosts = {attempt.host for _, attempt in [*effects, *reasons]}
            turn = min(effects, key=lambda pair: pair[1].began)[0]
            shadow = any(history.crashes[group, t.place.log] for t, _ in [*effects, *reasons])
            began = min(attempt.began for _, attempt in effects)
            shadow |= any(  # handed out before and never seen to end: it may have begun
                other.handed < began and first_end(other) is None
                for place in {p for send in history.facts.sends if send.event == cause for p in places_of(send)}
                for other in history.turns[group, place]
            )
            told = not history.dark(group) and any(
                send.event == event and send.cause == cause and send.cause_told and send.dialect is None
                for send in history.facts.sends
            )
            yield Expected(
                "causal-inversion", ERROR if len(hosts) == 1 else WARNING, turn.place.log.destination,
                frozenset({turn.place.offset}), group, frozenset({event, cause}),
                must=len(hosts) == 1 and not shadow and told and not history.facts.stepped,
            )  # fmt: skip


def early_commits(history: History) -> Iterator[Expected]:
    """The position passed a record before its processing ended, and none of it had failed before."""
    for turn in history.facts.turns:
        if not history.instrumented(turn.group, turn.place.log) or history.dark(turn.group):
            continue
        commit = history.commit_past(turn)
        end = first_end(turn)
        if commit is None or end is None or end < commit.order:
            continue
        failed_before = any(
            attempt.ended is not None and attempt.ended < commit.order and not attempt.ok
            for other in history.turns[turn.group, turn.place]
            for attempt in other.attempts
        )
        if failed_before:
            continue
        send = history.sender(turn.place)
        yield Expected(
            "committed-before-processed", WARNING, turn.place.log.destination, frozenset({turn.place.offset}),
            turn.group, frozenset({send.event}) if send else frozenset(),
        )  # fmt: skip


def unread_destinations(history: History) -> Iterator[Expected]:
    """Events were published, and no group was ever seen there."""
    for destination in sorted({send.destination for send in history.facts.sends}):
        acked = [s for s in history.facts.sends if s.destination == destination and s.outcome == "acked"]
        readers = any(history.seen_reading(group, destination) for group in history.groups)
        if acked and not readers and not destination.endswith("dlq"):
            groups = history.groups_of(destination)
            unseen = any(life.dialect for life in history.facts.lives.values())
            yield Expected("unread-destination", WARNING, destination, must=not groups and not unseen)


def loops(history: History) -> Iterator[Expected]:
    """A causal chain that passes the same service, destination and type more than three times."""
    by_event = {send.event: send for send in reversed(history.facts.sends)}
    causes = {send.cause for send in history.facts.sends}
    for send in history.facts.sends:
        if send.event in causes:
            continue
        chain: list[Send] = []
        at: Send | None = send
        while at is not None and len(chain) < 100:
            chain.append(at)
            at = by_event.get(at.cause) if at.cause else None
        seen: dict[tuple[str, str, str | None], int] = defaultdict(int)
        for link in chain:
            seen[link.service, link.destination, link.type] += 1
        if max(seen.values()) > 3:
            yield Expected("loop", ERROR, send.destination, must=all(link.cause_told for link in chain))


def losses(history: History) -> Iterator[Expected]:
    """lost, and skipped by its reasons."""
    for log, records in history.facts.records.items():
        for offset, record in records.items():
            send = record.send
            if send is None or (send.transaction is not None and not history.committed(send)):
                continue
            found = losses_of(history, Place(log, offset), send)
            if send.acked == offset:
                yield from found
            else:  # it stands there and its producer does not know: whoever was handed it does
                yield from (replace(one, must=False) for one in found if one.kind == "skipped")


def losses_of(history: History, place: Place, send: Send) -> Iterator[Expected]:
    """Return the findings about one record that somebody was not handed."""
    record = history.record(place)
    assert record is not None
    where = (place.log.destination, frozenset({place.offset}))
    events = frozenset({send.event})
    passed_by = []
    for group in history.groups_of(place.log.destination):
        start, position = history.start(group, place.log), history.position(group, place.log)
        if start is None or position is None or start > place.offset or history.turns[group, place]:
            continue
        replaceable = may_be_compacted(history, place, send)
        if record.removed == "compacted":
            if history.moved_over(group, place):  # before it was, or afterwards: nothing tells
                yield Expected("skipped", INFO, *where, group, events, must=False, why="offset reset")
            continue
        shaky = any(overwritten.place == place for overwritten in history.facts.overwritten)
        clear = not history.crashes[group, place.log] and not replaceable and not shaky
        clear = clear and not history.dark(group) and send.dialect is None
        if record.removed == "retention":
            if history.moved_over(group, place) or position <= place.offset:
                yield Expected("skipped", ERROR | INFO, *where, group, events, must=False, why="retention")
            elif history.passed(group, place):  # and deleted afterwards
                passed_by.append(group)
                yield Expected("skipped", ERROR, *where, group, events, must=False)
        elif history.passed(group, place):
            passed_by.append(group)
            yield Expected("skipped", ERROR, *where, group, events, must=clear)
        elif position > place.offset and history.moved_over(group, place):
            outside = history.moved_over(group, place) == "assign"
            yield Expected("skipped", INFO, *where, group, events, must=clear and not outside, why="offset reset")
    if passed_by and not history.handed[place]:
        tails = history.shadowed(place.log.destination) or send.dialect is not None
        must = record.removed is None and not tails and not replaceable and not unheard(history, place, passed_by)
        yield Expected("lost", ERROR, *where, None, events, must=must)


def unheard(history: History, place: Place, passed_by: list[str]) -> bool:
    """Tell whether some owner is not known to have given a sign since a group was handed a later record."""
    beyond = [
        turn for group in passed_by for turn in history.in_group[group, place.log]
        if turn.place.offset > place.offset
    ]  # fmt: skip
    last = max(beyond, key=lambda turn: turn.handed, default=None)
    for group in history.groups_of(place.log.destination):
        moves = history.moves[group, place.log]
        if last is None or not moves or moves[-1].reason == "revoke":
            continue
        life = history.facts.lives[moves[-1].instance]
        heard = history.last_sign(life.instance) > last.handed and life.host == history.facts.lives[last.instance].host
        if life.how != "closed" and life.instance != last.instance and not (heard and not history.facts.stepped):
            return True
    return False


def may_be_compacted(history: History, place: Place, send: Send) -> bool:
    """Tell whether compaction may explain a hole: the topic may be compacted, and a later record has its key."""
    if history.facts.broker_watched and place.log.destination not in history.facts.compacting:
        return False
    return send.key is not None and any(
        other.key == send.key
        and other is not send
        and (not other.appended or other.appended[-1] > place.offset or other.outcome == "in-doubt")
        for other in history.facts.sends
        if other.destination == send.destination
    )
