"""How a cause is told to people: what happened, in one sentence; what follows from it; by which rule it is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowtrail_collector.causes import Cause

RULES = {
    "publish-failed": "every send of the event to the destination failed definitively, and nobody saw it",
    "publish-in-doubt": "neither an ack nor a definite failure is known, and the client's delivery timeout has passed",
    "ghost-publish": "the client was told that the send failed, and the event was consumed all the same",
    "offset-conflict": "two different events are told to stand at one record",
    "lost": "acked; a reader went on beyond it, nobody was ever handed it, and all telemetry of the readers arrived",
    "skipped": "the group's position passed the record and the group was never handed it, with nothing to excuse it",
    "resend": "one send stands at two or more offsets: the client tried again without idempotence",
    "republish": "the application sent the same message id again to the same destination, by another send",
    "redelivery": "one group was handed the same record again, without a seek or reset backward; an error where two "
    "handlings ended ok",
    "replay": "records were handed out again because the position was moved back by a seek or reset",
    "content-duplicate": "same destination, key and payload within a window, and different message ids: suspected only",
    "log-reorder": "the log of a partition holds one producer's events in another order than they were sent",
    "delivery-reorder": "one member was handed records of a partition in another order than their offsets",
    "completion-reorder": "handling of a record ended before that of one handed out earlier: concurrent handling",
    "causal-inversion": "a consumer of both began the effect before its cause; suspected across two hosts' clocks",
    "unfinished": "handling began and never ended, while the member went on or was gone: a silent failure",
    "committed-before-processed": "the position passed the record before its handling ended",
    "failed": "the last known attempt failed, and nothing shows another",
    "dead-lettered": "handling failed, and a copy with its origin stands on a dead-letter destination",
    "missing-consumer": "a group that is declared to read the destination was not seen there",
    "unread-destination": "events were published where no group was ever seen; dead-letter destinations excepted",
    "storm": "one event caused, directly and by what it caused, more events than the limit",
    "loop": "a chain of causes passes the same service, destination and event type more often than the limit",
    "schema-change": "schema, content type or event version changed; an error where two interleave afterwards",
    "telemetry-gap": "a hole in an instance's numbers, spans or links that it dropped, or sampling below 100 %",
    "clock-skew": "the clocks of two hosts disagree by more than the bound",
}
"""Each kind in one sentence; verdicts are defined in full in docs/answers.md."""

_FOLLOWS = {
    "publish-failed": "whoever should have read them never will",
    "publish-in-doubt": "to send them again may write them twice",
    "ghost-publish": "to send them again writes them twice",
    "offset-conflict": "what was handed out at that record can not be said",
    "lost": "no group has them",
    "skipped": "this group never handles them, others may",
    "resend": "every reader is handed them more than once",
    "republish": "every reader is handed them more than once",
    "replay": "done on purpose, and not counted as a duplicate",
    "unfinished": "no error was reported, and nothing tries again",
    "committed-before-processed": "a crash at that moment would have skipped them",
    "failed": "not handled until someone sends them again",
    "dead-lettered": "not handled until someone takes the copies up",
    "missing-consumer": "what is published there is not handled by it",
    "unread-destination": "what is published there reaches nobody",
    "telemetry-gap": "what rests on its silence is answered `unknown`",
    "clock-skew": "latencies between them are estimates",
}
_GENERATIONS = re.compile(r", after a rebalance \(generation (\d+) to (\d+), ")


def happened(cause: Cause) -> str:
    """Return one sentence on what happened, as a person would say it."""
    return _SENTENCES.get(cause.findings[0]["kind"], _newest)(cause)


def impact(cause: Cause) -> str:
    """Return how much it met, and what follows from it."""
    first = cause.findings[0]
    parts = [counted(len(cause.events), "event")] if cause.events else []
    if cause.events and cause.flows is not None:
        parts[0] += f" of {counted(cause.flows, 'flow')}"
    if len(cause.partitions) > 1:
        parts.append(f"{len(cause.partitions)} partitions")
    follows = _redelivered(first) if first["kind"] == "redelivery" else _FOLLOWS.get(first["kind"])
    return "; ".join(filter(None, (", ".join(parts), follows)))


def _redelivered(first: dict[str, Any]) -> str:
    if first["severity"] == "error":
        return "whatever the handler did was done again, unless it is idempotent"
    return "the normal price of at-least-once delivery"


def _events(cause: Cause) -> str:
    return counted(max(1, len(cause.events)), "event")


def _group(cause: Cause) -> str:
    return str(cause.findings[0]["group"] or "a group")


def _producer(cause: Cause) -> str:
    return str(cause.findings[0]["producer"] or "a producer")


def _there(cause: Cause) -> str:
    return str(cause.findings[0]["destination"] or "an unnamed destination")


def _why(cause: Cause) -> str:
    reason = cause.findings[0]["reason"]
    return f" ({reason})" if reason else ""


def _them(cause: Cause) -> str:
    return "it" if len(cause.events) <= 1 else "them"


def _apart(cause: Cause) -> str:
    """Say how far apart first and last time are, of several the furthest."""
    most_ns = max(last - first for first, last in cause.times)
    said = f"{most_ns // 10**6} ms" if most_ns < 10**9 else f"{most_ns // 10**7 / 100:.2f} s"
    return f"{said} apart" if len(cause.findings) == 1 else f"at most {said} apart"


def _times(cause: Cause) -> str:
    most = max(one["count"] for one in cause.findings)
    return "twice" if most <= 2 else f"up to {most:,} times" if len(cause.findings) > 1 else f"{most:,} times"


def _most(cause: Cause) -> str:
    return f"{max(one['count'] for one in cause.findings):,}"


def _redelivery(cause: Cause) -> str:
    first = cause.findings[0]
    if first["reason"] == "in place":
        return f"{_group(cause)} was handed {_events(cause)} once and handled {_them(cause)} {_times(cause)}"
    did = "handled" if first["severity"] == "error" else "was handed"
    return f"{_group(cause)} {did} {_events(cause)} {_times(cause)}, {_apart(cause)}{_after(cause)}"


def _after(cause: Cause) -> str:
    """Say what a redelivery came of, as far as the findings name it."""
    reason = cause.findings[0]["reason"]
    if reason == "retry":
        return ", each a retry after an attempt that failed or never ended"
    if reason == "commit lost":
        return ", after a commit that failed"
    if reason not in ("rebalance", "restart"):
        return f", {reason}" if reason else ""
    named = [found for one in cause.findings if (found := _GENERATIONS.findall(one["summary"] or ""))]
    turns = {(int(before), int(then)) for (*_, (before, then)) in named}
    several = len(turns) > 1 or cause.episodes > 1
    said = f"s in {cause.episodes} episodes" if cause.episodes > 1 else "s" if several else ""
    generations = ""
    if turns and len(named) == len(cause.findings):
        generations = f" (generation {min(turns)[0]} to {max(then for _, then in turns)})"
    return f", after {'' if several else 'a '}{reason}{said}{generations}"


def _conflict(cause: Cause) -> str:
    each = "each of " if len(cause.findings) > 1 else ""
    records = counted(len(cause.findings), "record")
    return f"two different events are told to stand at {each}{records} of {_there(cause)}"


def _skipped(cause: Cause) -> str:
    group, events, them = _group(cause), f"{_events(cause)} of {_there(cause)}", _them(cause)
    match cause.findings[0]["reason"]:
        case "retention":
            return f"{group} still had {events} to read when retention deleted {them}"
        case "offset reset":
            return f"{group} was set beyond {events} and never read {them}"
        case _:
            return f"{group} was never handed {events}, and read on beyond {them}"


def _dead_lettered(cause: Cause) -> str:
    """Name where the copies stand: that is the reason."""
    copies = "a copy stands" if len(cause.events) <= 1 else "copies stand"
    place = cause.findings[0]["reason"] or "a dead-letter destination"
    return f"{_group(cause)} gave up {_events(cause)} of {_there(cause)}; {copies} on {place}"


def _inverted(cause: Cause) -> str:
    """Count findings: each names two events."""
    several = len(cause.findings) > 1
    began = f"{_group(cause)} began {counted(len(cause.findings), 'event')}"
    return (
        f"{began} before the event{'s' if several else ''} on {_there(cause)} that caused {'them' if several else 'it'}"
    )


def _keyed(cause: Cause) -> str:
    return " of the same key" if cause.findings[0]["reason"] == "one key" else ""


def _newest(cause: Cause) -> str:
    """Use the newest finding's own sentence: it names what is to be said, and no single event."""
    more = len(cause.findings) - 1
    return f"{cause.findings[0]['summary']}" + (
        f"; and {counted(more, 'more like it', 'more like it')}" if more else ""
    )


_SENTENCES: dict[str, Callable[[Cause], str]] = {
    "publish-failed": lambda c: f"{_producer(c)} could not publish {_events(c)} to {_there(c)}{_why(c)}",
    "publish-in-doubt": lambda c: f"{_producer(c)} does not know whether {_events(c)} reached {_there(c)}{_why(c)}",
    "ghost-publish": lambda c: (
        f"{_producer(c)} was told that publishing {_events(c)} to {_there(c)} failed{_why(c)}, "
        f"yet {_them(c)} {'was' if len(c.events) <= 1 else 'were'} consumed"
    ),
    "offset-conflict": _conflict,
    "lost": lambda c: f"{_producer(c)} published {_events(c)} to {_there(c)} that nobody was ever handed",
    "skipped": _skipped,
    "resend": lambda c: f"{_producer(c)} wrote {_events(c)} to {_there(c)} {_times(c)}: its client tried again",
    "republish": lambda c: f"{_producer(c)} published {_events(c)} to {_there(c)} {_times(c)}, {_apart(c)}",
    "redelivery": _redelivery,
    "replay": lambda c: (
        f"{_group(c)} was handed {_events(c)} of {_there(c)} again, as asked: its position was moved back{_why(c)}"
    ),
    "content-duplicate": lambda c: f"{_events(c)} on {_there(c)} share key and payload with others, {_apart(c)}",
    "log-reorder": lambda c: f"{_there(c)} holds {_events(c)} of {_producer(c)} behind later ones{_keyed(c)}",
    "delivery-reorder": lambda c: f"{_group(c)} was handed {_events(c)} of {_there(c)} after later ones{_keyed(c)}",
    "completion-reorder": lambda c: f"{_group(c)} finished {_events(c)} of {_there(c)} after later ones{_keyed(c)}",
    "causal-inversion": _inverted,
    "unfinished": lambda c: f"{_group(c)} began {_events(c)} of {_there(c)} and never ended {_them(c)}",
    "committed-before-processed": lambda c: (
        f"{_group(c)} committed {_events(c)} of {_there(c)} before it had handled {_them(c)}"
    ),
    "failed": lambda c: f"{_group(c)} failed on {_events(c)} of {_there(c)}{_why(c)}, and nothing tries again",
    "dead-lettered": _dead_lettered,
    "storm": lambda c: f"{_events(c)} on {_there(c)} caused up to {_most(c)} others",
    "loop": lambda c: f"{_events(c)} on {_there(c)} came round in a circle, up to {_most(c)} times",
}
