"""What proves a claim: the spans it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """The spans that a claim rests on, and the question that it answers."""

    title: str
    """The claim, as a person would say it."""
    refs: tuple[str, ...]
    """`trace id/span id`, in hex."""
    question: str = ""
    """What to ask for the same: an event, a flow or a record."""
