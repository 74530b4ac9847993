"""The strip of facts under every headline: where a report comes from, what time it covers, how complete it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_reports.visible import visible
from flowtrail_reports.writing import time

if TYPE_CHECKING:
    from flowtrail_reports.documents import Documents


def facts(documents: Documents, answer: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Write the facts about `answer`, the document that the report is made from."""
    as_of = answer.get("as_of") or documents.status.get("as_of")
    told = [
        ("Source", visible(documents.source)),
        ("Window", _window(documents)),
        ("As of", f"{time(as_of)} UTC" if as_of else "nothing received"),
        ("Coverage", percentage(coverage(documents, answer))),
    ]
    if documents.filter:
        told.append(("Filter", visible(documents.filter)))
    return tuple(told)


def coverage(documents: Documents, answer: dict[str, Any]) -> float | None:
    """Return the share of spans that arrived, 0 to 1; None where no sender numbers them."""
    share = answer.get("coverage", documents.status.get("coverage"))
    return None if share is None else float(share)


def percentage(share: float | None) -> str:
    """Write coverage; never 100 % for less than all."""
    if share is None:
        return "unknown: no sender numbers its spans"
    return "100 %" if share >= 1 else f"{min(share * 100, 99.9):.1f} %"


def doubt(documents: Documents, answer: dict[str, Any]) -> str | None:
    """Say why nothing follows from what was not seen; None where all was seen."""
    known = coverage(documents, answer)
    return None if known is not None and known >= 1 else f"coverage is {percentage(known)}"


def provenance(documents: Documents, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the same facts for JSON."""
    return {
        "source": documents.source,
        "since": documents.since,
        "until": documents.until,
        "filter": documents.filter,
        "as_of": answer.get("as_of") or documents.status.get("as_of"),
        "coverage": coverage(documents, answer),
    }


def _window(documents: Documents) -> str:
    if documents.since is None and documents.until is None:
        return "everything stored"
    if documents.until is None:
        return f"since {time(documents.since or '')} UTC"
    since = f"{time(documents.since)} UTC to " if documents.since else "up to "
    return f"{since}{time(documents.until)} UTC"
