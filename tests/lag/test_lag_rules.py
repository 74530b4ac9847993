"""How a group is doing: each rule on a tiny history of (second, position, end)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.questions.lag_rules import RULES, Moment, Past, eta_ms, phase, rate, status

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


def test_a_rate_is_per_second() -> None:
    """From the first point to now."""
    assert rate(((0, 0), (10 * SECOND, 50)), 10 * SECOND) == 5.0
    assert rate(((0, 7), (5 * SECOND, 7)), 100 * SECOND) == 0.0
    assert rate(((0, 7), (5 * SECOND, 3)), 5 * SECOND) == 0.0


def test_a_rate_needs_time() -> None:
    """One point is no rate."""
    assert rate((), SECOND) is None
    assert rate(((0, 5),), 0) is None


def rates(history: Past) -> tuple[float | None, float | None]:
    """Return what comes in and goes out, as the status of a history has it."""
    moments = phase(history, status(history)[0])
    ends = tuple((moment.at_ns, moment.end) for moment in moments)
    positions = tuple((moment.at_ns, moment.position) for moment in moments)
    return rate(ends, history.as_of_ns), rate(positions, history.as_of_ns)


def test_rates_are_those_of_the_status() -> None:
    """A burst that is drained counts from its peak, not from before it; what stopped has nothing going out."""
    assert rates(past(*BURST)) == (0.0, pytest.approx(100 / 60))
    grew = [(t * 10, 20 * t, 100 + 21 * t) for t in range(4)]
    then_stood = [(40 + t * 10, 60, 170 + t) for t in range(8)]
    halted = past(*grew, *then_stood, first_sign_ns=0, last_sign_ns=30 * SECOND)
    assert status(halted)[0] == "stopped"
    assert rates(halted)[1] == 0.0


def test_a_move_backward_begins_a_new_history() -> None:
    """A group that fell behind, was set back, and now reads its way forward is draining, not falling."""
    fell = [(t * 60, t, t * 10) for t in range(1, 8)]
    replays = [(480 + t * 60, t * 20, 70) for t in range(3)]
    history = past(*fell, *replays)
    assert status(history)[0] == "draining"
    assert rates(history) == (0.0, pytest.approx(20 / 60))
    assert status(past(*fell, *replays[:1])) == ("unknown", "too little history")


def test_a_jump_is_no_trend() -> None:
    """What shrank and stands higher than ever now does not drain, however long it shrank; the same with growth."""
    shrank = [(t * 10, 100 + t, 200) for t in range(10)]
    assert status(past(*shrank))[0] == "draining"
    assert status(past(*shrank, (100, 110, 900)))[0] == "ok"
    grew = [(t * 10, t, 200 + t * 5) for t in range(10)]
    assert status(past(*grew))[0] == "falling"
    assert status(past(*grew, (100, 244, 250)))[0] == "ok"


def test_eta() -> None:
    """Lag over the difference of the rates, of what drains; nothing is waited for otherwise."""
    assert eta_ms("draining", 100, 10.0, 20.0) == 10_000
    assert eta_ms("ok", 0, 10.0, 20.0) is None
    assert eta_ms("falling", 100, 10.0, 20.0) is None
    assert eta_ms("draining", 100, None, 20.0) is None
    assert eta_ms("draining", None, 10.0, 20.0) is None


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


MOVES = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 20)), min_size=1, max_size=40)


@given(MOVES)
def test_status_and_rates_agree(moves: list[tuple[int, int]]) -> None:
    """Whatever happened, what falls has more coming in than going out, and what drains less, with an end in sight."""
    position = end = 50
    moments = []
    for at, (moved, sent) in enumerate(moves):
        end += sent
        position = max(0, min(end, position + moved))
        moments.append((at * 10.0, position, end))
    history = past(*moments)
    word, _ = status(history)
    rate_in, rate_out = rates(history)
    eta = eta_ms(word, history.now.lag, rate_in, rate_out)
    assert (eta is not None) == (word == "draining")
    if word in ("falling", "draining"):
        assert rate_in is not None
        assert rate_out is not None
        assert (rate_in > rate_out) == (word == "falling")
