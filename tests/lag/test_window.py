"""Windows: ages, instants and what is said of a slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.errors import UsageError
from flowtrail_collector.window import Window, parse_age, parse_instant, parse_moment, parse_window, rfc3339

NOW = parse_instant("2026-03-01T12:00:00Z")
SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("500ms", SECOND // 2),
        ("90s", 90 * SECOND),
        ("15m", 900 * SECOND),
        ("2h", 7200 * SECOND),
        ("1d", 86_400 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("1w", 7 * 86_400 * SECOND),
    ],
)
def test_ages(text: str, nanoseconds: int) -> None:
    """An age is a number and a unit, or several of them."""
    assert parse_age(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00",
        "2026-03-01t14:00:00.000000000+02:00",
        "2026-03-01T07:00:00-0500",
    ],
)
def test_instants_of_any_zone_are_one_moment(text: str) -> None:
    """An instant may have any zone; without one it is UTC."""
    assert parse_instant(text) == NOW


def test_an_instant_keeps_its_nanoseconds() -> None:
    """Nothing is rounded on the way in or out."""
    text = "2026-03-01T12:00:00.123456789Z"
    assert rfc3339(parse_instant(text)) == text


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_what_is_written_is_read_back(moment: int) -> None:
    """Every moment that a store can hold survives being written and read."""
    assert parse_instant(rfc3339(moment)) == moment


def test_the_window_defaults_to_a_quarter_of_an_hour() -> None:
    """Nothing asked: the last 15 minutes, open towards the future."""
    assert parse_window(None, None, NOW) == Window(NOW - 900 * SECOND, None)


def test_a_window_between_two_moments() -> None:
    """Ages count back from now, `all` and `now` are moments too."""
    assert parse_window("all", "now", NOW) == Window(None, NOW)
    assert parse_window("2h", "1h", NOW) == Window(NOW - 7200 * SECOND, NOW - 3600 * SECOND)


def test_an_age_before_the_epoch_is_the_epoch() -> None:
    """A window can be asked too long, and the year 9999 is later than anything stored."""
    assert parse_moment("99999d", NOW) == 0
    assert parse_moment("9999-12-31T00:00:00Z", NOW) == 2**63 - 1


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("15", None, "did you mean 15m?"),
        ("-15m", None, "write 15m"),
        ("yesterday", None, "since: 'yesterday' is no moment: expected an age such as 15m"),
        ("2026-02-30T00:00:00Z", None, "day"),
        ("1h", "2h", "ends before it begins"),
        ("1h", "soon", "until: 'soon'"),
        ("", None, "is no moment"),
        ("9" * 5000 + "m", None, "is no moment"),
        ("2026-03-01T12:00:00+99:99", None, "is no instant"),
    ],
)
def test_a_slip_is_named(since: str, until: str | None, said: str) -> None:
    """What was wrong is said, with the option and what was expected."""
    with pytest.raises(UsageError) as wrong:
        parse_window(since, until, NOW)
    assert said in str(wrong.value)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is a moment or a usage error."""
    try:
        moment = parse_moment(text, NOW)
    except UsageError:
        return
    assert moment is None or 0 <= moment < 2**63
