"""How a group is doing: each rule on a tiny history of (second, position, end)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.questions.lag_rules import RULES, Moment, Past, eta_ms, rate, status

SECOND = 10**9


def past(*moments: tuple[float, int, int], **known: object) -> Past:
    """Make a past whose group last gave a sign at its last moment, unless told otherwise."""
    made = tuple(Moment(round(at * SECOND), position, end) for at, position, end in moments)
    now = made[-1].at_ns if made else 0
    signs = {"first_sign_ns": made[0].at_ns if made else None, "last_sign_ns": now}
    return Past(as_of_ns=now, moments=made, **{**signs, **known})  # type: ignore[arg-type]


GROWING = [(t * 60, t * 10, t * 30) for t in range(1, 10)]
SHRINKING = [(t * 60, t * 30, 300 + t * 10) for t in range(1, 10)]
LEVEL = [(t * 60, t * 30, t * 30 + 100 + (t % 2) * 20) for t in range(1, 10)]
BURST = [(0, 0, 0), (60, 0, 0), (120, 10, 100), (180, 20, 1000), *((240 + t * 60, t * 100, 1000) for t in range(8))]
UNMOVED = [(t * 60, 5, 20 + t) for t in range(5)]


@pytest.mark.parametrize(
    ("history", "word", "reason"),
    [
        (past(), "unknown", "position or end not known"),
        (past((0, 5, 10), log_start=6), "retention", "removed before"),
        (past((0, 5, 10), (60, 10, 10)), "ok", "nothing unread"),
        (past(*UNMOVED, members=0, had_members=True), "stopped", "nobody reads"),
        (past(*UNMOVED, last_sign_ns=0), "stopped", "nobody reads"),
        (past(*UNMOVED, first_sign_ns=None, last_sign_ns=None), "stopped", "nobody reads"),
        (past(*UNMOVED, members=2, last_sign_ns=0), "stalled", "does not move"),
        (past(*UNMOVED), "stalled", "does not move"),
        (past((0, 5, 5), (60, 7, 7), (120, 8, 9)), "ok", "a moment ago"),
        (past((0, 5, 9)), "unknown", "too little history"),
        (past((0, 5, 9), (1, 6, 9)), "unknown", "too little history"),
        (past(*GROWING), "falling", "grows"),
        (past(*SHRINKING), "draining", "shrinks"),
        (past(*BURST), "draining", "shrinks"),
        (past(*LEVEL), "ok", "as fast"),
    ],
)
def test_status(history: Past, word: str, reason: str) -> None:
    """The first rule that holds names the status and says why."""
    found, said = status(history)
    assert found == word
    assert reason in said


def test_a_group_without_members_that_moves_is_not_stopped() -> None:
    """A consumer that assigns itself its partitions is no member and commits all the same."""
    assert status(past(*GROWING, members=0))[0] == "falling"


def test_a_short_silence_means_nothing() -> None:
    """Seconds without a sign are a poll, or a rebalance."""
    assert status(past((0, 1, 9), (1, 2, 9), (2, 3, 9), (8, 3, 9), last_sign_ns=2 * SECOND))[0] == "draining"


@pytest.mark.parametrize(("rule", "word", "reason"), RULES)
def test_every_rule_is_one_sentence(rule: object, word: str, reason: str) -> None:
    """Each rule says in one sentence when it holds."""
    text = (rule.__doc__ or "").strip()
    assert text.startswith("Hold ")
    assert text.count(".") == 1
    assert word in ("ok", "draining", "falling", "stalled", "stopped", "retention", "unknown")
    assert reason


def test_rates_are_per_second() -> None:
    """From the first known point to now; reading again after a move backward counts as reading."""
    assert rate(((0, 0), (10 * SECOND, 50)), 10 * SECOND) == 5.0
    assert rate(((0, 100), (5 * SECOND, 0), (10 * SECOND, 50)), 10 * SECOND) == 5.0
    assert rate(((0, 7), (5 * SECOND, 7)), 100 * SECOND) == 0.0


def test_a_rate_needs_time() -> None:
    """One point is no rate."""
    assert rate((), SECOND) is None
    assert rate(((0, 5),), 0) is None


def test_eta() -> None:
    """Lag over the difference of the rates; never, when records come as fast as they are read."""
    assert eta_ms(100, 10.0, 20.0) == 10_000
    assert eta_ms(0, None, None) == 0.0
    assert eta_ms(100, 20.0, 20.0) is None
    assert eta_ms(100, None, 20.0) is None


STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40)


@given(STEPS, st.none() | st.integers(0, 3))
def test_there_is_always_a_status_and_zero_lag_is_never_bad(steps: list[tuple[int, int]], members: int | None) -> None:
    """Whatever happened, one rule holds; with nothing unread it is `ok`."""
    position = end = 0
    moments = []
    for at, (read, sent) in enumerate(steps):
        end += sent
        position = min(end, position + read)
        moments.append((at * 10.0, position, end))
    word, _ = status(past(*moments, members=members))
    assert (word == "ok") or moments[-1][1] < moments[-1][2]
