"""Where one can go from a row or a card: everything that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_collector.filters import Pattern
from flowtrail_tui.views.registry import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Named = tuple[str, str]
"""A field of an `open` template, and a value: what a row names. The same field may stand there several times."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A thing that is named, what one learns there, and the view that shows it."""

    name: str
    does: str
    view: str
    about: str


_FILTERED = {
    "group": (
        ("lag", "group:{}", "how far behind it is"),
        ("anomalies", "group:{}", "what went wrong in it"),
        ("flows", "group:{}", "the flows that it handles"),
    ),
    "topic": (
        ("flows", "topic:{}", "the flows through it"),
        ("lag", "topic:{}", "who is behind on it"),
        ("anomalies", "topic:{}", "what went wrong on it"),
        ("map", "topic:{}", "who writes and reads it"),
    ),
    "service": (("flows", "service:{}", "the flows that it began"),),
}
"""Views that are filtered by what a field names, and what they tell then."""


def jumps(named: Iterable[Named], views: Sequence[str] = NAMES) -> list[Jump]:
    """Return where the things lead that a row names, the events first; each place once, in views that there are."""
    pairs = [(field, value) for field, value in dict.fromkeys(named) if value]
    asked = [one for field, value in pairs for one in _asked(field, value)]
    filtered = [
        Jump(f"{field} {value}", does, view, template.format(Pattern((value,))))
        for field, value in pairs
        for view, template, does in _FILTERED.get(field, ())
    ]
    found = [*asked, *_composed(dict(reversed(pairs))), *filtered]
    return [one for one in dict.fromkeys(found) if one.view in views]


def _asked(field: str, value: str) -> list[Jump]:
    if field == "message_id":
        return [Jump(f"event {value}", "its verdict", "ask", f"id:{value}")]
    if field == "record":
        return [Jump(f"record {value}", "the event that stands there", "ask", f"record:{value}")]
    if field not in ("correlation_id", "trace_id"):
        return []
    word, prefix = ("flow", "flow") if field == "correlation_id" else ("trace", "trace")
    detail = [Jump(f"{word} {value}", "its events and deliveries over time", "flow", f"{prefix}:{value}")]
    return [Jump(f"{word} {value}", "the verdict on each of its events", "ask", f"{prefix}:{value}"), *detail]


def _composed(fields: dict[str, str]) -> list[Jump]:
    """Return what several fields name together: a record, a key of a destination."""
    found: list[Jump] = []
    topic = fields.get("topic")
    if topic and fields.get("partition") and fields.get("offset"):
        place = f"{topic}:{fields['partition']}:{fields['offset']}"
        found += _asked("record", place)
    if topic and fields.get("key"):
        key = fields["key"]
        found.append(Jump(f"key {key}", f"the events of this key on {topic}", "ask", f"key:{topic}/{key}"))
    return found
