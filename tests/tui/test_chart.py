"""The chart: columns, scale and times, for any values in any room; and the room that the lag screen has for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_tui.model import lag, lag_lines
from flowtrail_tui.model.chart import LEAST_HEIGHT, LEAST_WIDTH, SCALE, ceiling, chart, short
from flowtrail_tui.model.parts import Line, line_width
from tests.tui.pilot import running

NOON = 1_772_366_400 * 10**9
MINUTE = 60 * 10**9
QUARTER = (NOON - 15 * MINUTE, NOON)


def text(lines: list[Line]) -> list[str]:
    """Join the parts of each line."""
    return ["".join(part.text for part in one).rstrip() for one in lines]


def test_a_ramp() -> None:
    """The top of the scale is a round figure above the greatest value; times stand below their ticks."""
    assert text(chart("lag", [0, 30, 60, 90], QUARTER, (46, 8), "spark")) == [
        " lag     100 ┤                              ▂▃",
        "             │                        ▁▃▄▆▇███",
        "             │                  ▁▂▄▅▇█████████",
        "          50 ┤            ▁▂▄▅▆███████████████",
        "             │       ▂▃▅▆▇████████████████████",
        "             │ ▁▃▄▆▇██████████████████████████",
        "           0 ┼────────────────┴──────────────┴",
        "             11:45         11:52        12:00",
    ]


def test_zero_is_an_empty_chart_and_unknown_is_not_zero() -> None:
    """Nothing unread is a line on the axis; where nothing is known a dot stands on it."""
    *bars, axis, _ = text(chart("lag", [0, 0, None, None], QUARTER, (60, 6), "spark"))
    assert not any(block in "".join(bars) for block in "▁▂▃▄▅▆▇█")
    assert "─" in axis
    assert axis.endswith("····")


@pytest.mark.parametrize(
    ("values", "size"),
    [([], (80, 9)), ([None, None], (80, 9)), ([1, 2], (80, LEAST_HEIGHT - 1)), ([1, 2], (LEAST_WIDTH - 1, 9))],
)
def test_no_chart(values: list[float | None], size: tuple[int, int]) -> None:
    """Where nothing is known, or there is no room, there is none."""
    assert chart("lag", values, QUARTER, size, "spark") == []


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        (60 * 10**9, "11:59:00", "12:00:00"),
        (60 * MINUTE, "11:00", "12:00"),
        (2880 * MINUTE, "02-27 12:00", "03-01 12:00"),
    ],
)
def test_times_are_as_precise_as_the_window(span: int, first: str, last: str) -> None:
    """Seconds in minutes, minutes in hours, dates in days."""
    names = text(chart("lag", [1, 2, 3], (NOON - span, NOON), (100, 8), "spark"))[-1].strip()
    assert names.startswith(first)
    assert names.endswith(last)


def test_times_that_are_not_known_are_not_said() -> None:
    """The columns stand all the same."""
    lines = text(chart("lag", [1, 2, 3], None, (80, 8), "spark"))
    assert lines[-1] == ""
    assert "█" in "".join(lines)


@pytest.mark.parametrize(
    ("value", "top", "shown"),
    [(0, 1, "1"), (3, 5, "5"), (11, 20, "20"), (181_902, 200_000, "200k"), (2_400_000, 2_500_000, "2.5M")],
)
def test_scales(value: float, top: float, shown: str) -> None:
    """Round figures, written short."""
    assert ceiling(value) == top
    assert short(top) == shown


@given(
    st.lists(st.none() | st.integers(0, 10**15), max_size=40),
    st.integers(0, 200),
    st.integers(0, 30),
    st.none() | st.tuples(st.integers(0, 10**18), st.integers(0, 10**17)),
)
def test_it_fits_whatever_it_shows(
    values: list[float | None], width: int, height: int, times: tuple[int, int] | None
) -> None:
    """As many lines as there is room for, none wider than it."""
    window = None if times is None else (times[0], times[0] + times[1])
    lines = chart("lag", values, window, (width, height), "spark")
    assert len(lines) in (0, height)
    assert all(line_width(one) <= width for one in lines)
    assert all(line_width(one) > SCALE for one in lines[:-1])


async def test_the_screen_has_a_chart_where_there_is_room() -> None:
    """At 120x36 below the partitions, of the selected group; at 80x24 the partitions need the room."""
    async with running() as ft:
        await ft.press("2", "j")
        assert "200k ┤" in ft.text()
        assert ft.lines()[-4].split() == ["11:50", "11:53", "11:57", "12:01", "12:04"]
        assert ft.lines()[-3].split() == ["rebalances", "▲g41", "▲g42"]
        await ft.press("j")
        assert "┤" not in ft.text()  # of audit nothing is known
        await ft.press("j")
        assert "2k ┤" in ft.text()
    async with running(size=(80, 24)) as ft:
        await ft.press("2", "j")
        assert "┤" not in ft.text()


@given(st.integers(0, 80), st.integers(1, 60))
def test_partitions_keep_their_room(room: int, partitions: int) -> None:
    """The chart takes what they do not need, and from a long list no more than leaves the worst in view."""
    rows = [{"group": "g", "destination": "d", "partition": n, "lag": 1, "history": [1, 2]} for n in range(partitions)]
    (row,) = lag.groups({"rows": rows}, lag.History())
    lists, lines = lag_lines.share_room(room, row)
    assert lists + lines <= room
    assert lines == 0 or lines >= LEAST_HEIGHT
    assert lists >= min(room, lag_lines.LEAST_PARTITIONS, partitions + 2)
