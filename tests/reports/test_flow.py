"""The flow report tells what happened to a flow's events, step by step, with findings and evidence."""

from flowtrail_reports import build_report
from tests.reports.made import answer, documents


def test_headline_sums_the_flow_up() -> None:
    """How many events, how many of them published and processed, and what is worst."""
    report = build_report("flow", documents())
    assert report.headline == ("2 events, 2 published; 2 of 3 processings done; 1 finding: meal-1 happened twice.")
    assert report.tone == "error"
    assert report.facts[0] == ("Asked", "flow:flow-1 (flow)")


def test_one_event_is_told_in_its_own_words() -> None:
    """Its verdict's sentence is the headline."""
    told = documents()
    told.answer["events"] = told.answer["events"][:1]
    report = build_report("flow", told)
    assert report.headline == "Published once."
    assert report.tone == "unknown"  # coverage is below 100 %


def test_steps_stand_in_their_order() -> None:
    """Each record and each delivery, with who, how long, and how long after the publication."""
    steps = build_report("flow", documents()).document["steps"]
    assert [(step["step"], step["message_id"], step["who"], step["outcome"]) for step in steps] == [
        ("published", "meal-0", "orders", "acked"),
        ("processed", "meal-0", "restaurant", "ok"),
        ("published", "meal-1", "orders", "acked"),
        ("processed", "meal-1", "restaurant", "ok"),
        ("processed", "meal-1", "restaurant", "ok"),
    ]
    assert (steps[1]["place"], steps[1]["took_ms"], steps[1]["latency_ms"]) == ("orders:3:1000", 20.0, 20.0)
    assert steps[0]["took_ms"] == 3.0


def test_checks_fail_for_errors_and_skip_what_is_unknown() -> None:
    """One case per event."""
    first, second = build_report("flow", documents()).checks
    assert (first.wrong, first.doubt) == (None, None)
    assert (second.wrong, second.doubt) == ("meal-1 happened twice", "not known: telemetry gap")


def test_a_finding_that_names_two_events_stands_once() -> None:
    """It is one finding."""
    told = documents()
    for event in told.answer["events"]:
        event["findings"] = answer()["events"][1]["findings"]
    (table,) = [section.table for section in build_report("flow", told).sections if section.title == "Findings"]
    assert table is not None
    assert len(table.rows) == 1
