"""JUnit XML: one test case per row, cause or assertion: failed where something is wrong, skipped where nobody knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape, quoteattr

from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_reports.model import Check, Report

Outcome = Literal["passed", "failure", "error", "skipped"]
MOST_LINES = 100
"""Lines of evidence that one test case shows."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: `error` fails because nobody can tell; `skipped` says that nobody can and fails nothing."""

    name: str
    outcome: Outcome
    said: str = ""
    details: tuple[str, ...] = ()
    type: str = ""


class JunitReporter:
    """Writes the report's checks."""

    def render(self, report: Report) -> bytes:
        """Write one test suite."""
        told = "; ".join(f"{label}: {value}" for label, value in report.facts)
        return suite(report.name, [_checked(check) for check in report.checks], f"{report.headline} {told}")


def _checked(check: Check) -> Case:
    if check.wrong is not None:
        return Case(check.name, "failure", check.wrong)
    if check.doubt is not None:
        return Case(check.name, "skipped", check.doubt)
    return Case(check.name, "passed")


def assertions(document: dict[str, Any]) -> bytes:
    """Write `flowtrail.check/1` as one test suite; what is inconclusive is an error, never a pass."""
    outcomes: dict[str, Outcome] = {"passed": "passed", "failed": "failure"}
    cases = [
        Case(
            one["name"],
            outcomes.get(one["outcome"], "error"),
            one["reason"],
            tuple(one["details"]),
            one["outcome"],
        )
        for one in document["assertions"]
    ]
    return suite("check", cases, f"{document['outcome']}, asked of {document['source']}", str(document["as_of"]))


def suite(name: str, cases: Sequence[Case], note: str, at: str | None = None) -> bytes:
    """Write one test suite; `at` is an RFC 3339 instant in UTC."""
    counts = Counter(case.outcome for case in cases)
    sums = f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}" time="0"'
    timestamp = "" if at is None else f" timestamp={quoteattr(visible(at[:19]))}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites {sums}><testsuite name="flowtrail {name}" {sums} skipped="{counts["skipped"]}"{timestamp}>',
        *(_case(name, case) for case in cases),
        f"<system-out>{escape(visible(note))}</system-out>",
        "</testsuite></testsuites>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _case(suite: str, case: Case) -> str:
    start = f'<testcase classname="flowtrail.{suite}" name={quoteattr(visible(case.name))} time="0"'
    if case.outcome == "passed":
        return f"{start}/>"
    kind = f" type={quoteattr(case.type)}" if case.type else ""
    wrong = f"{start}><{case.outcome} message={quoteattr(visible(case.said))}{kind}"
    shown = [escape(visible(line)) for line in case.details[:MOST_LINES]]
    if len(case.details) > MOST_LINES:
        shown.append(f"and {len(case.details) - MOST_LINES:,} more")
    if not shown:
        return f"{wrong}/></testcase>"
    text = "\n".join(shown)
    return f"{wrong}>{text}</{case.outcome}></testcase>"
