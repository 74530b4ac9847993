"""Sentences for people, made from an event's verdict: what a screen's headline and a report's first line say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PUBLISHED = {
    ("yes", "acked"): "published",
    ("yes", "seen"): "published (a consumer was handed it; no ack is known)",
    ("no", "failed"): "not published: every attempt failed",
    ("no", "aborted"): "not published: its transaction was aborted",
}


def event(document: Mapping[str, Any]) -> str:
    """Return one sentence on an event: published, by whom it was consumed, what went wrong."""
    return f"{_publication(document['published'])}; {_consumption(document['consumed'])}{_claims(document)}."


def replay(row: Mapping[str, Any]) -> str:
    """Return one sentence on a record that was handed out again because its group's position was moved back."""
    return (
        f"{row['grp']} was handed this event again, as asked: its position was moved back to {row['move_position']} "
        f"by a {row['move_reason']}"
    )


def _publication(published: Mapping[str, Any]) -> str:
    answer, reason = published["answer"], published["reason"]
    if answer == "in-doubt":
        return f"in doubt whether it was published ({reason})"
    if answer == "unknown":
        return f"unknown whether it was published ({reason})"
    said = _PUBLISHED.get((answer, reason), f"{answer} ({reason})")
    records = len(published["records"])
    return f"{said} {'once' if records == 1 else f'{records} times'}" if reason == "acked" and records else said


def _consumption(consumed: list[Mapping[str, Any]]) -> str:
    if not consumed:
        return "no group was seen on its destination"
    counts: dict[str, list[str]] = {}
    for line in consumed:
        counts.setdefault(line["answer"], []).append(line["group"])
    done = counts.pop("processed", [])
    parts = [f"processed by {len(done)} of {len(consumed)} group{'s' if len(consumed) > 1 else ''}"]
    parts += [f"{answer} in {', '.join(groups[:3])}" for answer, groups in counts.items()]
    return ", ".join(parts)


def _claims(document: Mapping[str, Any]) -> str:
    said = ""
    for name in ("duplicated", "reordered"):
        grave = [row for row in document[name]["findings"] if row["severity"] != "info"]
        if grave:
            said += f". {grave[0]['summary'][:1].upper()}{grave[0]['summary'][1:]}"
    return said
