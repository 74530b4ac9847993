"""The duplicates report keeps handled twice, handed out again, written twice and published twice apart."""

from dataclasses import replace

from flowtrail_reports import Documents, build_report
from tests.reports.made import documents, finding


def test_headline_counts_events_by_what_happened() -> None:
    """Retries and other findings are not counted."""
    report = build_report("duplicates", documents())
    assert report.headline == (
        "9 events were duplicated: 7 handled twice by payment and restaurant; 1 written twice; 1 published twice."
    )
    assert report.tone == "error"
    assert report.sections[0].note == "Not counted, because they explain themselves: 1 retry."


def test_a_headline_names_a_few_groups() -> None:
    """Of many groups it says how many they are: a headline is read in one breath."""
    rows = [finding("redelivery", "error", f"e{number}", number, group=f"g{number}") for number in range(4)]
    report = build_report("duplicates", Documents(source="s", findings={"findings": rows, "coverage": 1.0}))
    assert report.headline == "4 events were duplicated: 4 handled twice by 4 groups."


def test_causes_come_errors_first() -> None:
    """One row per severity, cause, group and destination."""
    causes = build_report("duplicates", documents()).document["causes"]
    assert [(cause["severity"], cause["what"], cause["reason"], cause["events"]) for cause in causes] == [
        ("error", "handled twice", "rebalance", 4),
        ("error", "written twice", None, 1),
        ("warning", "handled twice", "restart", 3),
        ("warning", "published twice", None, 1),
    ]


def test_both_deliveries_stand_side_by_side() -> None:
    """Time, outcome and member of each delivery, and the time between."""
    row = build_report("duplicates", documents()).document["rows"][0]
    assert row["first"] == "12:04:00.100 ok by restaurant-1"
    assert row["second"] == "12:04:07.100 ok by restaurant-2"
    assert row["gap_ms"] == 7250.0
    assert len(row["evidence"]) == 2


def test_handed_out_again_is_a_warning_of_its_own() -> None:
    """A record whose first handling did not succeed is no event handled twice."""
    again = finding("redelivery", "warning", "e", 1, group="g", summary="g was handed this event twice, 7.25 s apart")
    report = build_report("duplicates", replace(documents(), findings={"findings": [again], "coverage": 1.0}))
    assert report.headline == "1 event was duplicated: 1 handed out again by g."
    assert report.tone == "warning"


def test_nothing_seen_is_only_nothing_where_everything_was_seen() -> None:
    """An absence needs complete coverage."""
    complete = build_report("duplicates", Documents(source="s", findings={"findings": [], "coverage": 1.0}))
    partial = build_report("duplicates", Documents(source="s", findings={"findings": [], "coverage": 0.5}))
    unknown = build_report("duplicates", Documents(source="s", findings={"findings": [], "coverage": None}))
    assert (complete.headline, complete.tone) == ("No event was duplicated.", "good")
    assert (partial.headline, partial.tone) == (
        "No duplicate was seen. Coverage is 50.0 %: some may be hidden.",
        "unknown",
    )
    assert unknown.tone == "unknown"


def test_an_event_without_an_id_is_counted_by_its_record() -> None:
    """Foreign events may have none."""
    nameless = [finding("redelivery", "error", "", second, group="g", message_ids=[]) for second in (1, 2)]
    report = build_report("duplicates", Documents(source="s", findings={"findings": nameless, "coverage": 1.0}))
    assert report.headline.startswith("2 events were duplicated")
