"""Findings by cause: the same rows whatever the order, counts that add up, ids that last, sentences for people."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.cause_words import RULES
from flowtrail_collector.causes import EXAMPLES, MOST_EVIDENCE, SLICES, Span, by_cause, cause_id, span_of
from flowtrail_collector.filters import KINDS
from flowtrail_collector.window import parse_instant, rfc3339

START = parse_instant("2026-03-01T12:00:00Z")
SECOND = 10**9
Finding = dict[str, Any]


def finding(**told: Any) -> Finding:
    """Make a finding: by default a record that billing handled twice after a rebalance."""
    at = told.pop("at", 0)
    apart = told.pop("apart", 1.31)
    number = told.pop("number", 0)
    row: Finding = {
        "kind": "redelivery",
        "severity": "error",
        "reason": "rebalance",
        "system": "kafka",
        "destination": "orders",
        "partition": 2,
        "offsets": [177_000 + number],
        "group": "billing",
        "producer": None,
        "instance": None,
        "message_ids": [f"order-{number}"],
        "count": 2,
        "first_at": rfc3339(START + int(at * SECOND)),
        "last_at": rfc3339(START + int((at + apart) * SECOND)),
        "grade": "A",
        "summary": "billing handled this event twice, after a rebalance (generation 41 to 42, b-0 to b-2)",
        "evidence": [f"{number:032x}/{1:016x}", f"{number:032x}/{2:016x}"],
    }
    return row | told


FINDINGS = st.builds(
    finding,
    kind=st.sampled_from(KINDS),
    severity=st.sampled_from(("error", "warning", "info")),
    reason=st.sampled_from((None, "rebalance", "restart", "retry", "retention", "one key")),
    group=st.sampled_from((None, "billing", "ledger")),
    producer=st.sampled_from((None, "checkout")),
    instance=st.sampled_from((None, "checkout-1")),
    destination=st.sampled_from((None, "orders", "payments")),
    partition=st.sampled_from((None, 0, 1)),
    message_ids=st.lists(st.sampled_from("abcdef"), max_size=2, unique=True),
    offsets=st.lists(st.integers(0, 9), max_size=2, unique=True),
    count=st.integers(1, 5),
    grade=st.sampled_from("ABC?"),
    at=st.integers(-600, 900),
    apart=st.integers(0, 100),
)
WINDOW = Span(START, START + 900 * SECOND)
FLOWS = {name: f"flow-{name}" for name in "abcd"}


def documents(findings: list[Finding], span: Span = WINDOW) -> list[dict[str, Any]]:
    """Return the rows of some findings."""
    return [cause.document(span) for cause in by_cause(findings, FLOWS)]


@given(st.lists(FINDINGS, max_size=12).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_findings_changes_nothing(told: tuple[list[Finding], list[Finding]]) -> None:
    """Whatever order they come in, the rows are the same, and so is their order."""
    assert documents(told[0]) == documents(told[1])


@given(st.lists(FINDINGS, max_size=12))
def test_counts_add_up(findings: list[Finding]) -> None:
    """Each finding is of one cause and falls into one slice; what is shown of it is a part of it."""
    rows = documents(findings)
    assert sum(row["count"] for row in rows) == len(findings)
    assert all(sum(row["trend"]) == row["count"] and len(row["trend"]) == SLICES for row in rows)
    assert len({row["cause"] for row in rows}) == len(rows)
    assert all(len(row["examples"]) == min(EXAMPLES, row["count"]) for row in rows)
    assert all(len(row["evidence"]) <= MOST_EVIDENCE for row in rows)
    assert all(row["flows"] is None or row["flows"] <= row["events"] for row in rows)
    assert all(row["first_at"] <= row["last_at"] and 1 <= row["episodes"] <= row["count"] for row in rows)
    assert all(row["happened"] and row["rule"] == RULES[row["kind"]] for row in rows)


@given(st.lists(FINDINGS, min_size=1, max_size=8), st.lists(FINDINGS, max_size=8))
def test_a_cause_keeps_its_id_when_more_comes(before: list[Finding], later: list[Finding]) -> None:
    """New findings add causes and findings to causes; none loses its id, and none gets fewer."""
    grown = {row["cause"]: row["count"] for row in documents(before + later)}
    assert all(grown[row["cause"]] >= row["count"] for row in documents(before))


@given(st.lists(FINDINGS, max_size=12))
def test_the_gravest_stands_first(findings: list[Finding]) -> None:
    """Errors before warnings before what explains; among these, what met more events."""
    rows = documents(findings)
    told = [(("error", "warning", "info").index(row["severity"]), -row["events"]) for row in rows]
    assert told == sorted(told)


def test_time_place_in_the_log_and_evidence_are_no_part_of_a_cause() -> None:
    """Tomorrow's duplicates of the same group, after the same kind of event, are of the same cause."""
    assert cause_id(finding(at=86_400, number=9, partition=7, count=3, grade="B")) == cause_id(finding())


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "replay"},
        {"severity": "warning"},
        {"reason": "restart"},
        {"system": "rabbitmq"},
        {"destination": "payments"},
        {"group": "ledger"},
        {"producer": "checkout"},
    ],
)
def test_kind_severity_reason_and_place_make_a_cause(other: dict[str, str]) -> None:
    """Another one of these is another cause."""
    assert cause_id(finding(**other)) != cause_id(finding())


def test_instances_of_one_service_share_a_cause() -> None:
    """An instance has another name after each start; only where no service is named it stands for one."""
    first, second = (finding(producer="checkout", instance=name) for name in ("c-1", "c-2"))
    assert cause_id(first) == cause_id(second)
    first, second = (finding(instance=name) for name in ("c-1", "c-2"))
    assert cause_id(first) != cause_id(second)


def test_the_weakest_grade_is_the_causes() -> None:
    """What rests on an inference is no observation."""
    [row] = documents([finding(grade=grade, number=number) for number, grade in enumerate("ABA")])
    assert row["grade"] == "B"


def test_flows_are_counted_only_where_all_are_known() -> None:
    """Else the number would be too small, and is not told."""
    known = [finding(message_ids=[name]) for name in "aab"]
    assert [row["flows"] for row in documents(known)] == [2]
    assert [row["flows"] for row in documents([*known, finding(message_ids=["z"])])] == [None]


def test_one_partition_is_named_of_several_the_number() -> None:
    """A place that all findings share is a place."""
    [row] = documents([finding()])
    assert (row["partition"], row["partitions"]) == (2, 1)
    [row] = documents([finding(), finding(partition=3)])
    assert (row["partition"], row["partitions"]) == (None, 2)


def test_stretches_with_quiet_between_them_are_episodes() -> None:
    """What happens again after a minute of quiet happened again."""
    [row] = documents([finding(number=number, at=at) for number, at in enumerate((0, 10, 20, 300, 305))])
    assert row["episodes"] == 2
    assert (row["trend"][0], row["trend"][5]) == (3, 2)


def test_what_came_after_a_watermark_is_counted() -> None:
    """By its last moment; of a state that goes on, by its first."""
    [cause] = by_cause([finding(number=number, at=at) for number, at in enumerate((0, 10, 20))])
    assert [cause.after(START + at * SECOND) for at in (-1, 5, 15, 30)] == [3, 2, 1, 0]
    [state] = by_cause([finding(kind="telemetry-gap", at=0, apart=500)])
    assert state.after(START + 100 * SECOND) == 0


def test_an_open_window_begins_at_the_first_finding() -> None:
    """Its trend is spread over the time that there is."""
    rows = [finding(number=number, at=number * 10, apart=0) for number in range(SLICES + 1)]
    [row] = documents(rows, span_of(rows, None, START + SLICES * 10 * SECOND))
    assert row["trend"] == [1] * (SLICES - 1) + [2]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [finding()],
            "billing handled 1 event twice, 1.31 s apart, after a rebalance (generation 41 to 42)",
        ),
        (
            [finding(number=number, at=number / 10) for number in range(37)],
            "billing handled 37 events twice, at most 1.31 s apart, after a rebalance (generation 41 to 42)",
        ),
        (
            [finding(summary="without", severity="warning"), finding(number=1, summary="", severity="warning", at=500)],
            "billing was handed 2 events twice, at most 1.31 s apart, after rebalances in 2 episodes",
        ),
        (
            [finding(reason=None, apart=0.02, count=3)],
            "billing handled 1 event 3 times, 20 ms apart",
        ),
        (
            [finding(reason="in place")],
            "billing was handed 1 event once and handled it twice",
        ),
        (
            [finding(kind="failed", reason="SMTP 421", number=number) for number in range(2)],
            "billing failed on 2 events of orders (SMTP 421), and nothing tries again",
        ),
        (
            [finding(kind="dead-lettered", reason=None)],
            "billing gave up 1 event of orders; a copy stands on a dead-letter destination",
        ),
        (
            [finding(kind="skipped", reason="retention", number=number) for number in range(3)],
            "billing still had 3 events of orders to read when retention deleted them",
        ),
        (
            [finding(kind="publish-failed", group=None, producer="checkout", reason="MessageSizeTooLarge")],
            "checkout could not publish 1 event to orders (MessageSizeTooLarge)",
        ),
        (
            [finding(kind="log-reorder", group=None, producer="checkout", reason="one key")],
            "orders holds 1 event of checkout behind later ones of the same key",
        ),
        (
            [
                finding(
                    kind="telemetry-gap",
                    producer="checkout",
                    summary="of 9 spans that checkout recorded, 2 never arrived",
                )
            ],
            "of 9 spans that checkout recorded, 2 never arrived",
        ),
        (
            [finding(kind="lost", group=None)],
            "a producer published 1 event to orders that nobody was ever handed",
        ),
    ],
)
def test_what_happened_is_said_as_a_person_would(rows: list[Finding], said: str) -> None:
    """One sentence, with who, how many, what, and why."""
    assert [row["happened"] for row in documents(rows)] == [said]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("many", [1, 3])
def test_every_kind_has_its_words(kind: str, many: int) -> None:
    """Sentence, consequence and rule, also where a finding names as little as it may."""
    bare = dict.fromkeys(("reason", "system", "destination", "partition", "group", "producer", "instance"))
    for told in ({}, {**bare, "offsets": [], "message_ids": []}):
        [row] = documents([finding(kind=kind, number=number, **told) for number in range(many)])
        assert row["rule"] == RULES[kind]
        assert row["happened"]
        assert "None" not in row["happened"] + row["impact"]
