"""The lag report says in its first line who is behind."""

from dataclasses import replace
from typing import Any

import pytest

from flowtrail_reports import Documents, build_report
from flowtrail_reports.model import LineChart
from tests.reports.made import documents, lag_row


def _report(*rows: dict[str, Any], coverage: float | None = 1.0) -> Any:
    lag = {"as_of": "2026-03-01T12:10:00Z", "since": "2026-03-01T12:00:00Z", "coverage": coverage, "rows": list(rows)}
    return build_report("lag", Documents(source="here", lag=lag))


def test_names_the_group_that_falls_behind_and_counts_the_others() -> None:
    """The worst group comes first, with its unread records and their age; unknown is never called fine."""
    report = build_report("lag", documents())
    assert report.headline == (
        "analytics falls behind on orders: 220 unread, the oldest 14 s old. "
        "Of legacy the lag is not known. The other group keeps up."
    )
    assert report.tone == "error"


@pytest.mark.parametrize(
    ("rows", "headline", "tone"),
    [
        ([lag_row("a", 0, 0)], "The group keeps up.", "good"),
        ([lag_row("a", 0, 0), lag_row("b", 0, 0)], "All 2 groups keep up.", "good"),
        ([], "Nothing is known of any group in this window.", "unknown"),
        ([lag_row("a", 0, None, "unknown")], "Of a the lag is not known.", "unknown"),
        ([lag_row("a", 0, 3, "draining")], "a catches up on orders: 3 unread, the oldest 600 ms old.", "warning"),
    ],
)
def test_headline_and_tone(rows: list[dict[str, Any]], headline: str, tone: str) -> None:
    """Only a known, complete and small lag is good."""
    report = _report(*rows)
    assert (report.headline, report.tone) == (headline, tone)


def test_low_coverage_is_not_good() -> None:
    """Where telemetry is missing, the tone warns and the facts say how much arrived; never 100 % for less than all."""
    report = _report(lag_row("a", 0, 0), coverage=0.99999)
    assert report.tone == "warning"
    assert ("Coverage", "99.9 %") in report.facts


def test_a_group_is_as_bad_as_its_worst_partition() -> None:
    """Unread records and rates add up, ages and statuses take the worst."""
    (group,) = _report(lag_row("a", 0, 0), lag_row("a", 1, 30, "falling")).document["groups"]
    assert (group["status"], group["lag"], group["time_lag_ms"], group["rate_out"]) == ("falling", 30, 6000.0, 7.5)
    assert group["worst"] == "1 (30)"


@pytest.mark.parametrize(("status", "eta"), [("draining", 9000.0), ("falling", None), ("ok", None)])
def test_only_who_catches_up_is_waited_for(status: str, eta: float | None) -> None:
    """Rates of the whole window may promise what the newest moments deny: who falls behind has no time of arrival."""
    (group,) = _report(lag_row("a", 0, 30, status, eta_ms=9000.0)).document["groups"]
    assert group["eta_ms"] == eta


def test_the_chart_sums_partitions_and_marks_rebalances_once() -> None:
    """History runs to the moment of the answer; redeliveries that follow each other closely are one rebalance."""
    (chart,) = build_report("lag", documents()).sections[1].charts
    assert isinstance(chart, LineChart)
    assert chart.lines[0].name == "analytics on orders"
    assert chart.lines[0].values[-1] == 220
    assert chart.lines[0].times[-1].startswith("2026-03-01T12:10:00")
    assert chart.marks == (("2026-03-01T12:04:07.350000000Z", "rebalance: restaurant, payment"),)


def test_rebalances_that_the_answer_names_come_before_those_shown_by_redeliveries() -> None:
    """The collector's own word is better than what redeliveries let see."""
    given = documents()
    named = {**given.lag, "rebalances": [{"at": "2026-03-01T12:02:00Z", "group": "analytics"}]}
    report = build_report("lag", replace(given, lag=named))
    assert report.document["rebalances"] == [{"at": "2026-03-01T12:02:00Z", "label": "rebalance: analytics"}]
