"""The order report tells late events from those that must move, and what is sure from what is not."""

from xml.etree import ElementTree

from flowtrail_reports import Documents, build_report, make_report
from tests.reports.made import documents, finding, order_row


def made(*rows: dict[str, object], coverage: float | None = 1.0, findings: tuple[dict[str, object], ...] = ()):
    """Build the report of some rows."""
    answer = {"rows": list(rows), "findings": list(findings), "coverage": coverage}
    return build_report("order", Documents(source="s", order=answer))


def test_headline_says_where_and_how_much() -> None:
    """Scopes are kept apart; what rests on incomplete telemetry is called not sure."""
    report = build_report("order", documents())
    assert report.headline == (
        "7 late arrivals: 4 in the log of orders, 1 in delivery of dark (not sure) and 2 in completion of payment; "
        "3 would have to move; 1 effect begun before the cause."
    )
    assert report.tone == "error"


def test_partitions_are_summed() -> None:
    """The summary has one row per scope and party; of extents and times it shows the greatest."""
    table = build_report("order", documents()).sections[0].table
    assert table is not None
    first = table.rows[0]
    assert (first["scope"], first["party"], first["severity"]) == ("log", "orders", "error")
    assert (first["events"], first["reordered"], first["ratio"], first["moved"]) == (200, 4, 0.02, 1)
    assert (first["max_extent"], first["max_late_ms"], first["sure"]) == (4, 10.0, "yes")
    assert [row["sure"] for row in table.rows if row["party"] == "dark"] == ["no"]


def test_culprits_and_late_events_are_named() -> None:
    """The one that must move beside the four that it made late, with what overtook them."""
    titles = {section.title: section.table for section in build_report("order", documents()).sections}
    moved, late = titles["Events that must move"], titles["Late events"]
    assert moved is not None
    assert late is not None
    assert (moved.rows[0]["place"], moved.rows[0]["message_id"]) == ("orders:3:1000", "orders-early")
    assert [row["place"] for row in late.rows[:4]] == [f"orders:3:{offset}" for offset in range(1001, 1005)]
    assert {row["overtaken_place"] for row in late.rows} == {"orders:3:1000"}


def test_some_of_many_are_named_and_the_report_says_so() -> None:
    """A row may name fewer than it counts."""
    report = made(order_row("log", "orders", late=3, reordered=5000, moved=1))
    notes = [section.note for section in report.sections]
    assert any("3 of 5,000 are named" in note for note in notes)


def test_all_in_order_is_only_said_where_all_was_seen() -> None:
    """An absence needs complete coverage."""
    complete = made(order_row("log", "orders"), order_row("delivery", "payment"))
    assert (complete.headline, complete.tone) == ("All of 100 events arrived in order.", "good")
    dark = made(order_row("delivery", "payment", complete=False, reason="telemetry gap"), coverage=0.9)
    assert dark.headline == "No reordering was seen. Coverage is 90.0 % (telemetry gap): some may be hidden."
    assert dark.tone == "unknown"
    assert made(coverage=None).headline == "No event arrived in this window."


def test_what_can_not_be_judged_is_unknown() -> None:
    """A row without numbers is shown with a question mark, and passes no check."""
    unknown = dict.fromkeys(("reordered", "ratio", "moved", "max_extent", "max_n", "max_late_ms"))
    row = order_row("log", "legacy", complete=False, reason="its sends bear no numbers", **unknown)
    report = made(row)
    assert report.tone == "unknown"
    assert (
        "| log | legacy | orders | 100 | ? | ? | ? |"
        in make_report(
            "order", Documents(source="s", order={"rows": [row], "findings": [], "coverage": 1.0}), "md"
        ).decode()
    )
    assert [(check.wrong, check.doubt) for check in report.checks] == [(None, "its sends bear no numbers")]


def test_reorderings_across_keys_are_no_error() -> None:
    """They are worth a look."""
    report = made(order_row("completion", "payment", late=1, findings={"error": 0, "warning": 0, "info": 1}))
    assert (report.tone, report.checks[0].wrong) == ("warning", None)


def test_junit_fails_for_errors_and_skips_what_is_not_sure() -> None:
    """One case per row, and one per group whose effects came before their causes."""
    suite = ElementTree.fromstring(make_report("order", documents(), "junit"))[0]  # noqa: S314 - our own
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "6",
        "failures": "2",
        "skipped": "1",
    }
    failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert failed == {"log: orders on orders:3", "causal-inversion: payment on orders"}
    (skipped,) = [case for case in suite.iter("testcase") if case.find("skipped") is not None]
    assert skipped.get("name") == "delivery: dark on orders:3"


def test_json_is_the_contracts() -> None:
    """Rows as the question gave them, with where they come from."""
    document = build_report("order", documents()).document
    assert document["schema"] == "flowtrail.report.order/1"
    assert (document["as_of"], document["coverage"]) == ("2026-03-01T12:10:00.000000000Z", 0.997)
    assert document["rows"] == documents().order["rows"]


def test_a_suspected_inversion_is_no_failure() -> None:
    """Only confirmed ones are errors."""
    suspected = finding("causal-inversion", "warning", "e", 1, group="g")
    report = made(order_row("log", "orders"), findings=(suspected,))
    assert report.tone == "warning"
    assert [check.wrong for check in report.checks] == [None, None]
