"""The words of answers and findings, each with its glyph and role: a glyph and a word always, colour never alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """How one answer is shown."""

    text: str
    glyph: str
    role: str


_VERDICTS = (
    Word("ok", "✓", "ok"),
    Word("duplicated", "×", "warn"),
    Word("reordered", "⇅", "warn"),
    Word("failed", "✗", "error"),
    Word("unfinished", "◌", "error"),
    Word("dead-lettered", "†", "error"),
    Word("retrying", "↻", "warn"),
    Word("pending", "…", "wait"),
    Word("in-progress", "▸", "wait"),
    Word("in-doubt", "?", "warn"),
    Word("received", "~", "wait"),
    Word("unknown", "?", "unknown"),
    Word("not-published", "∅", "error"),
)
_ANSWERS = (
    Word("yes", "✓", "ok"),
    Word("no", "✗", "error"),
    Word("processed", "✓", "ok"),
    Word("skipped", "↷", "error"),
    Word("lost", "✗", "error"),
    Word("missing", "✗", "error"),
    Word("not-expected", "–", "dim"),
)
_LAG = (
    Word("ok", "✓", "ok"),
    Word("draining", "↘", "wait"),
    Word("falling", "✗", "error"),
    Word("stalled", "◌", "error"),
    Word("stopped", "■", "error"),
    Word("retention", "!", "error"),
    Word("unknown", "?", "unknown"),
)
_SEVERITIES = (Word("error", "✗", "error"), Word("warning", "!", "warn"), Word("info", "·", "dim"))

_KNOWN = {word.text: word for word in (*_ANSWERS, *_VERDICTS)}
_KNOWN_LAG = {word.text: word for word in _LAG}
_KNOWN_SEVERITIES = {word.text: word for word in _SEVERITIES}

GRADES = {"A": "observed", "B": "inferred", "C": "heuristic", "?": "unknown"}
LAG_ORDER = ("retention", "falling", "stopped", "stalled", "draining", "unknown", "ok")
"""Worst first."""


def verdict(text: object, grade: str = "A") -> Word:
    """Show a verdict or answer; without grade A or B nothing is green."""
    found = _KNOWN.get(str(text), Word(str(text or "unknown"), "?", "unknown"))
    if found.role == "ok" and grade not in ("A", "B"):
        return Word(found.text, "~", "unknown")
    return found


def anomaly(text: object, grade: str = "A") -> Word:
    """Show the answer to a question whose `yes` is bad news (duplicated? reordered?)."""
    if text == "yes":
        return Word("yes", "×", "warn")
    if text == "no":
        return Word("no", "✓", "ok") if grade in ("A", "B") else Word("no", "~", "unknown")
    return Word(str(text or "unknown"), "?", "unknown")


def lag_status(text: object) -> Word:
    """Show the status of a group on a destination or partition."""
    return _KNOWN_LAG.get(str(text), Word(str(text or "unknown"), "?", "unknown"))


def severity(text: object) -> Word:
    """Show how bad a finding is."""
    return _KNOWN_SEVERITIES.get(str(text), Word(str(text or "?"), "?", "unknown"))
