"""What a person asked about: WHAT of the command line and the ask bar, and how it was understood.

The forms: a message id, a correlation id, a trace id, a pasted `traceparent`, `destination:partition:offset`, and
`key:destination/value`. The prefixes `id:`, `flow:`, `trace:`, `record:` decide where several would match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from flowtrail_collector.errors import UsageError

Form = Literal["record", "trace", "id", "flow", "key"]

PREFIXES: tuple[Form, ...] = ("id", "flow", "trace", "record", "key")
FORMS = (
    "a message id, a correlation id, a trace id, destination:partition:offset, or key:destination/value; "
    "the prefixes id:, flow:, trace: and record: decide where several match"
)

_RECORD = re.compile(r"(?P<destination>.+):(?P<partition>\d{1,9}):(?P<offset>\d{1,19})")
_TRACE = re.compile(r"[0-9a-fA-F]{32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand what was asked."""

    form: Form
    value: str
    """The id, the correlation id, the key, the trace id in lower case hex, or the record as it was written."""
    destination: str | None = None
    place: tuple[str, int, int] | None = None
    """Destination, partition and offset of a record."""


def readings(what: str, chosen: str | None = None) -> tuple[Reading, ...]:
    """Return every way to understand `what`, likeliest first; `chosen` (a form's name) keeps that one alone.

    Raises UsageError for an empty question, a prefix whose value is not of its form, and a choice that does not apply.
    """
    text = what.strip()
    if not text:
        raise UsageError(f"nothing was asked: expected {FORMS}")
    found = _prefixed(text) or _guessed(text)
    if chosen is None:
        return found
    kept = tuple(reading for reading in found if reading.form == chosen)
    if not kept:
        known = ", ".join(dict.fromkeys(reading.form for reading in found))
        raise UsageError(f"{what!r} can not be understood as {chosen!r}: it may be {known}")
    return kept


def _prefixed(text: str) -> tuple[Reading, ...]:
    prefix, colon, value = text.partition(":")
    if not colon or prefix not in PREFIXES:
        return ()
    value = value.strip()
    if not value:
        raise UsageError(f"{text!r} names nothing after {prefix}:; expected {FORMS}")
    if prefix == "record":
        return (_record(value) or _refused(text, "destination:partition:offset, such as record:orders:3:1042"),)
    if prefix == "trace":
        return (_trace(value) or _refused(text, "32 hexadecimal digits or a traceparent"),)
    if prefix == "key":
        destination, slash, key = value.partition("/")
        if not slash or not destination:
            _refused(text, "key:destination/value, such as key:orders/42")
        return (Reading("key", key, destination=destination),)
    return (Reading("id" if prefix == "id" else "flow", value),)


def _guessed(text: str) -> tuple[Reading, ...]:
    specific = (_record(text), _trace(text))
    return (*(reading for reading in specific if reading), Reading("id", text), Reading("flow", text))


def _record(text: str) -> Reading | None:
    match = _RECORD.fullmatch(text)
    if match is None:
        return None
    place = (match["destination"], int(match["partition"]), int(match["offset"]))
    if place[1] >= 2**31 or place[2] >= 2**63:
        return None
    return Reading("record", text, match["destination"], place)


def _trace(text: str) -> Reading | None:
    parent = _TRACEPARENT.fullmatch(text)
    if parent:
        return Reading("trace", parent["trace"].lower())
    return Reading("trace", text.lower()) if _TRACE.fullmatch(text) else None


def _refused(text: str, expected: str) -> Reading:
    raise UsageError(f"{text!r} is not of the form that its prefix asks for: expected {expected}")
