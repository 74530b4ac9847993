"""What counts as found, missed and unexpected."""

import json
from pathlib import Path
from typing import Any

from flowtrail_tui.demo import table
from flowtrail_tui.demo.comparison import (
    Comparison,
    Fault,
    behind_in,
    excused_from_lag,
    found_in,
    read_injected,
)

RESEND = Fault("resend", "orders", None, ("e1",))
AGAIN = Fault("redelivery", "orders", "payment", ("e2",))


def test_all_is_well_when_every_fault_is_answered() -> None:
    """A finding answers by kind, place, group and a message in common."""
    named_more = Fault("redelivery", "orders", "payment", ("e2", "e9"))
    comparison = Comparison([RESEND, AGAIN], [RESEND, named_more])
    assert comparison.missed == []
    assert comparison.unexpected == []
    assert list(table.lines(comparison))[-1] == "Every injected fault was found, and nothing else was claimed."


def test_each_difference_makes_one_missed_and_one_unexpected() -> None:
    """Another kind, destination, group or message is another fault."""
    for other in (
        Fault("republish", "orders", None, ("e1",)),
        Fault("resend", "payments", None, ("e1",)),
        Fault("resend", "orders", "payment", ("e1",)),
        Fault("resend", "orders", None, ("e7",)),
        Fault("resend", "orders", None),
    ):
        comparison = Comparison([RESEND], [other])
        assert comparison.missed == [RESEND]
        assert comparison.unexpected == [other]


def test_failed_and_dead_lettered_are_two_words_for_one_fault() -> None:
    """Which of them is given depends on whether the copy was seen."""
    assert Fault("failed", "orders", "payment", ("e1",)).answers(Fault("dead-lettered", "orders", "payment", ("e1",)))


def test_info_explains_and_does_not_count() -> None:
    """Only errors and warnings claim that something is wrong."""
    findings = [
        {"kind": "redelivery", "severity": severity, "destination": "o", "group": "g", "message_ids": [severity]}
        for severity in ("error", "warning", "info")
    ]
    assert [fault.message_ids for fault in found_in({"findings": findings})] == [("error",), ("warning",)]


def _row(group: str, status: str) -> dict[str, Any]:
    return {"group": group, "destination": "orders", "status": status}


def test_lag_is_one_fault_for_a_group_and_a_destination() -> None:
    """Groups that catch up, or lost a member on purpose, are not counted."""
    rows = [_row("slow", "falling"), _row("slow", "stalled"), _row("late", "draining"), _row("crashed", "stalled")]
    excused = excused_from_lag([Fault("redelivery", "orders", "crashed", ("e1",))])
    assert behind_in({"rows": rows}, excused) == [Fault("lag", "orders", "slow")]


def test_notes_of_all_services_are_read_once(tmp_path: Path) -> None:
    """What was noted twice is one fault."""
    note = {
        "kind": "resend",
        "destination": "orders",
        "group": None,
        "message_ids": ["e1"],
        "at": "now",
        "by": "orders-1",
    }
    (tmp_path / "orders-1.jsonl").write_text((json.dumps(note) + "\n") * 2)
    (tmp_path / "payment-1.jsonl").write_text(json.dumps({**note, "kind": "redelivery"}) + "\n")
    assert [fault.kind for fault in read_injected(tmp_path)] == ["resend", "redelivery"]


def test_the_table_names_what_differs() -> None:
    """Counts side by side, then each missed and unexpected fault."""
    written = "\n".join(table.lines(Comparison([RESEND], [AGAIN])))
    assert "✗ 1 missed      resend" in written
    assert "missed: resend orders e1" in written
    assert "unexpected: redelivery orders by payment e2" in written


def test_a_run_without_faults_does_not_boast() -> None:
    """Where nothing was injected, nothing was proven."""
    assert list(table.lines(Comparison([], []))) == [
        "No fault came about: the run was too short for one. Nothing was claimed."
    ]
    assert "unexpected: redelivery orders by payment e2" in list(table.lines(Comparison([], [AGAIN])))
