"""What is true of records that nobody was handed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulator.expected import ERROR, INFO, Expected
from tests.simulator.facts import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.facts import Send
    from tests.simulator.history import History


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
