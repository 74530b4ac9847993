"""JUnit XML: one test case for each group or cause, failed where something is wrong."""

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
    yield f'<testsuites><testsuite name="flowtrail {report.name}" tests="{len(report.checks)}" failures="{failures}">'
    for check in report.checks:
        yield _case(report.name, check)
    yield f"<system-out>{escape(visible(report.headline))}</system-out>"
    yield "</testsuite></testsuites>"


def _case(report: str, check: Check) -> str:
    start = f'<testcase classname="flowtrail.{report}" name={quoteattr(visible(check.name))}'
    if check.wrong is None:
        return f"{start}/>"
    return f"{start}><failure message={quoteattr(visible(check.wrong))}/></testcase>"
