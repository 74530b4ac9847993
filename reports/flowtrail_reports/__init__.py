"""Reports and assertions made from the answers of the collector.

    documents = gather("duplicates", source, window)
    html = make_report("duplicates", documents, "html")

`REPORTS` and `FORMATS` name what there is. A report is first made as plain values (`model.Report`), then written by
one reporter for each format.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from flowtrail_collector.errors import UsageError
from flowtrail_reports.documents import Documents, gather

if TYPE_CHECKING:
    from flowtrail_reports.model import Report

__all__ = [
    "ABOUT",
    "FORMATS",
    "REPORTS",
    "TEXT_FORMATS",
    "USES",
    "Documents",
    "build_report",
    "default_file",
    "gather",
    "make_report",
    "render",
]

ABOUT = {
    "lag": "how far each group is behind, and whether it catches up",
    "duplicates": "what was written, handed out or handled more than once",
    "order": "where arrival differs from sequence, counted as in RFC 4737",
    "losses": "what was published and consumed, and what was lost on the way",
    "flow": "the story of one event or flow; WHAT is what `flowtrail ask` takes",
}
"""Each report, and what it tells."""
USES = {
    "html": "for people, with charts",
    "csv": "for spreadsheets",
    "json": "for scripts: all of it",
    "md": "for tickets and chats",
    "junit": "for CI, as test cases",
    "parquet": "for other tools, typed",
}
"""Each format, and what it is for."""
REPORTS = tuple(ABOUT)
FORMATS = tuple(USES)
TEXT_FORMATS = ("csv", "json", "md", "junit")
"""Formats that are written to standard output where no file is named."""


def make_report(report: str, documents: Documents, format: str) -> bytes:  # noqa: A002 - the option's name
    """Make a report in one format. Raises UsageError for a report or format that does not exist."""
    return render(build_report(report, documents), format)


def render(report: Report, format: str) -> bytes:  # noqa: A002 - the option's name
    """Write a report in one format. Raises UsageError for a format that does not exist."""
    from flowtrail_reports.formats import reporter_for

    return reporter_for(format).render(report)


def build_report(report: str, documents: Documents) -> Report:
    """Make a report as plain values, to be written in several formats. Raises UsageError."""
    if report not in REPORTS:
        raise UsageError(f"there is no report {report!r}; the reports are {', '.join(REPORTS)}")
    made: Report = getattr(import_module(f"{__name__}.{report}"), f"{report}_report")(documents)
    return made


def default_file(report: str, format: str) -> str:  # noqa: A002 - the option's name
    """Name the file of a report for which none was named."""
    return f"flowtrail-{report}.{'xml' if format == 'junit' else format}"
