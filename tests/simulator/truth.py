"""What must be said of a world: verdicts.md applied to the facts, in plain Python and without a look at any SQL."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulator.answers import Answering
from tests.simulator.contents import content_duplicates, schema_changes, storms
from tests.simulator.expected import ERROR, WARNING, Expected, Truth
from tests.simulator.history import History
from tests.simulator.true_deliveries import (
    completion_of_the_rest,
    completion_reorders,
    delivery_reorders,
    first_end,
    redeliveries,
)
from tests.simulator.true_losses import losses
from tests.simulator.true_sends import log_reorders, offset_conflicts, places_of, publications, republishes, resends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.facts import Attempt, Facts, Send, Turn


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
