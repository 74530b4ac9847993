"""`e`: what a view shows, exactly as it is filtered, becomes a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import FlowtrailError
from flowtrail_collector.wording import counted
from flowtrail_tui import elsewhere, files
from flowtrail_tui.session import EXPORT_LANE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowtrail_tui.exportable import Export, Exporting
    from flowtrail_tui.session import Session

TABLE_FORMS = (
    ("csv", "for spreadsheets, one row each"),
    ("json", "the document, as the command writes it"),
    ("md", "a table for tickets and chats"),
    ("html", "a page for people"),
    ("parquet", "for other tools, typed"),
)
_HEAVY = ("html", "parquet")
"""Written in a process of their own: what they load holds up whoever loads it."""
_SECOND = 10**9


def stem(name: str, now_ns: int) -> str:
    """Name a file without its ending: `flowtrail-flows-20260301T120431Z`."""
    at = datetime.fromtimestamp(now_ns // _SECOND, UTC)
    return f"flowtrail-{name}-{at:%Y%m%dT%H%M%SZ}"


def begin(session: Session, collect: Exporting, ending: str, filter_text: str) -> bool:
    """Write an export in a thread; False while another is under way. The answer of the lane is what to say of it."""
    facts = _facts(session, filter_text)
    wanted, now = session.queries.wanted, session.now()

    def work() -> str:
        made = collect()
        content = content_of(made, ending, facts, wanted)
        written = files.write(content, stem(made.name, now), ending, wanted)
        return "" if written is None else told(made, written)

    return session.ask(EXPORT_LANE, ending, work)


def content_of(made: Export, ending: str, facts: Sequence[tuple[str, str]], wanted: Callable[[], bool]) -> bytes:
    """Return the file's bytes. Raises FlowtrailError for a form that this export does not have."""
    if ending in made.forms:
        return made.forms[ending].encode("utf-8", "backslashreplace")
    if ending not in dict(TABLE_FORMS):
        raise FlowtrailError(f"there is nothing here to be written as {ending}; choose another form")
    from flowtrail_reports.listing import listing_report

    noted = [*facts, *([("Left out", made.note)] if made.note else [])]
    headline = counted(len(made.rows), "row")
    report = listing_report(made.name, headline, noted, made.columns, made.rows, made.document)
    if ending in _HEAVY:
        content: bytes = elsewhere.run(_render, report, ending, step=_unsaid, wanted=wanted)
        return content
    return _render(report, ending)


def told(made: Export, written: files.Written) -> str:
    """Say what was written, where, and what is not in it."""
    said = f"wrote {counted(len(made.rows), 'row')} to {files.short(written.path)}"
    if written.refused is not None:
        said += f" ({written.refused} can not be written)"
    return f"{said}; {made.note}" if made.note else said


def _facts(session: Session, filter_text: str) -> list[tuple[str, str]]:
    told = [("Source", session.source.name), ("Window", session.range.name)]
    return [*told, ("Filter", filter_text)] if filter_text else told


def _render(report: Any, ending: str, _step: Callable[[str], None] | None = None) -> bytes:
    from flowtrail_reports import render

    return render(report, ending)


def _unsaid(_text: str) -> None:
    """Take no note: an export has no steps worth a word."""
