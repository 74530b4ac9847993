"""What is true of deliveries: what was handed out again, and in which order it was handed out and finished."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.simulator.expected import ERROR, INFO, WARNING, Expected
from tests.simulator.history import NEVER, History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.facts import Log, Move, Place, Turn
    from tests.simulator.foreign import Dialect


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
