"""The losses report counts what was published and consumed, what was lost, and what nobody can tell."""

from xml.etree import ElementTree

from flowtrail_reports import Documents, build_report, make_report
from tests.reports.made import documents, finding, losses_row


def test_headline_names_the_gravest_first() -> None:
    """Errors, then doubts, then how much is unknown."""
    report = build_report("losses", documents())
    assert report.headline == (
        "1 lost; 2 never finished (payment); 1 dead-lettered (ledger); 1 in doubt whether published (orders). "
        "41 answers are unknown or in doubt."
    )
    assert report.tone == "error"


def test_published_and_consumed_are_counted() -> None:
    """One row per destination, one per group; what is under way is no loss."""
    published, consumed, *_ = (section.table for section in build_report("losses", documents()).sections)
    assert published is not None
    assert consumed is not None
    assert [(row["events"], row["yes"], row["in-doubt"], row["lost"]) for row in published.rows] == [(100, 99, 1, 1)]
    rows = {row["group"]: row for row in consumed.rows}
    assert (rows["payment"]["processed"], rows["payment"]["unfinished"], rows["payment"]["under way"]) == (97, 2, 1)
    assert rows["dark (assumed)"]["unknown"] == 40


def test_causes_and_reasons() -> None:
    """Findings are grouped by cause; what is unknown has its reason."""
    document = build_report("losses", documents()).document
    assert [(cause["kind"], cause["reason"], cause["who"], cause["events"]) for cause in document["causes"]] == [
        ("lost", None, None, 1),
        ("unfinished", "the member went on", "payment", 2),
        ("dead-lettered", "ValueError", "ledger", 1),
        ("publish-in-doubt", None, "orders", 1),
    ]
    assert [(one["about"], one["reason"], one["events"]) for one in document["unknown"]] == [
        ("published?", "timeout", 1),
        ("consumed by dark?", "telemetry gap", 40),
    ]


def test_skips_without_error_are_no_loss() -> None:
    """An offset reset explains why a group passed a record."""
    reset = finding("skipped", "info", "e", 1, group="g", reason="offset reset")
    answer = {"rows": [losses_row("g", {"skipped": 1}, findings={"skipped": 1})], "findings": [reset], "coverage": 1.0}
    report = build_report("losses", Documents(source="s", losses=answer))
    assert report.headline == "No loss was seen, and all telemetry arrived."
    assert report.tone == "good"
    assert [check.wrong for check in report.checks] == [None]


def test_nothing_seen_is_only_nothing_where_everything_was_seen() -> None:
    """An absence needs complete coverage, and no data is no pass."""
    rows = [losses_row(None, {"yes": 3}), losses_row("g", {"processed": 3})]
    for coverage, headline, tone in (
        (1.0, "No loss was seen, and all telemetry arrived.", "good"),
        (0.5, "No loss was seen. Coverage is 50.0 %: some may be hidden.", "unknown"),
    ):
        answer = {"rows": rows, "findings": [], "coverage": coverage}
        report = build_report("losses", Documents(source="s", losses=answer))
        assert (report.headline, report.tone) == (headline, tone)
    empty = build_report("losses", Documents(source="s"))
    assert (empty.headline, empty.tone) == ("No event is known in this window.", "unknown")
    assert [(check.wrong, check.doubt is None) for check in empty.checks] == [(None, False)]


def test_junit_has_a_case_for_each_cause_and_each_clean_group() -> None:
    """Errors fail, warnings pass, the unknown is skipped."""
    suite = ElementTree.fromstring(make_report("losses", documents(), "junit"))[0]  # noqa: S314 - our own
    told = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert told == {
        "lost: ? on orders": ["failure"],
        "unfinished: payment on orders (the member went on)": ["failure"],
        "dead-lettered: ledger on orders (ValueError)": ["failure"],
        "publish-in-doubt: orders on orders": [],
        "consumed by dark: orders": ["skipped"],
        "consumed by audit: orders": [],
    }
