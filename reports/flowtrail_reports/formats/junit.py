"""JUnit XML: a test case for each row or cause, failed where something is wrong, skipped where nothing can be said."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrail_reports.model import Check, Report


class JunitReporter:
    """Writes the report's checks."""

    def render(self, report: Report) -> bytes:
        """Write one test suite."""
        return ("\n".join(_lines(report)) + "\n").encode()


def _lines(report: Report) -> Iterator[str]:
    failures = sum(1 for check in report.checks if check.wrong is not None)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    skipped = sum(1 for check in report.checks if check.wrong is None and check.doubt is not None)
    counts = f'tests="{len(report.checks)}" failures="{failures}" skipped="{skipped}"'
    yield f'<testsuites><testsuite name="flowtrail {report.name}" {counts}>'
    for check in report.checks:
        yield _case(report.name, check)
    told = "; ".join(f"{label}: {value}" for label, value in report.facts)
    yield f"<system-out>{escape(visible(report.headline))} {escape(visible(told))}</system-out>"
    yield "</testsuite></testsuites>"


def _case(report: str, check: Check) -> str:
    start = f'<testcase classname="flowtrail.{report}" name={quoteattr(visible(check.name))}'
    if check.wrong is None and check.doubt is not None:
        return f"{start}><skipped message={quoteattr(visible(check.doubt))}/></testcase>"
    if check.wrong is None:
        return f"{start}/>"
    return f"{start}><failure message={quoteattr(visible(check.wrong))}/></testcase>"
