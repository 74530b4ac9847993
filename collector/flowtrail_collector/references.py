"""How a stored span is named: `<trace id>/<span id>` in hex; and how many a question may name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowtrail_collector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMED = 500
"""Spans, and traces, that one question may name: as many fit into the head of a request."""

_REF = re.compile(r"([0-9a-fA-F]{32})/([0-9a-fA-F]{16})")
_TRACE = re.compile(r"[0-9a-fA-F]{32}")


def span_of(text: str) -> bytes:
    """Return trace id and span id as the bytes that stand in the store. Raises UsageError."""
    parts = _REF.fullmatch(text)
    if parts is None:
        raise UsageError(f"spans: {text!r} names no span; expected <trace id>/<span id>: 32 and 16 hex digits")
    return bytes.fromhex(parts[1] + parts[2])


def trace_of(text: str) -> bytes:
    """Return a trace id as bytes. Raises UsageError."""
    if _TRACE.fullmatch(text) is None:
        raise UsageError(f"spans: {text!r} is no trace id; expected 32 hex digits")
    return bytes.fromhex(text)


def limited(names: Iterable[str]) -> tuple[list[str], int]:
    """Return the names, each once, as many as one question may name, and how many are left out."""
    once = list(dict.fromkeys(names))
    return once[:MOST_NAMED], max(0, len(once) - MOST_NAMED)
