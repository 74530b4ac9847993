"""The Lag screen: which partition, which key, which rebalance; offsets and age; the way to what was found."""

import pytest

from flowtrail_tui.model import lag
from flowtrail_tui.model.chart import SCALE, chart
from flowtrail_tui.views.lag import LagView
from tests.tui.fake import SECOND, START, FakeSource
from tests.tui.pilot import running


async def test_the_worst_partition_and_its_hot_key_are_named() -> None:
    """Which partition holds the lag, and which key fills it, stand above the partitions."""
    async with running() as ft:
        await ft.press("2", "j")
        assert "p7 holds 94% of the lag · hot key ord-777 (41% of its input)" in ft.text()
        await ft.press("j", "j")
        assert "hot key" not in ft.text()


async def test_rebalances_are_marked_in_the_chart_of_their_group() -> None:
    """Each mark has its generation; other groups' rebalances are not drawn."""
    async with running() as ft:
        await ft.press("2", "j")
        assert ft.row("rebalances").split() == ["rebalances", "▲g41", "▲g42"]
        await ft.press("j", "j")
        assert ft.row("rebalances").split() == ["rebalances", "▲g7"]


async def test_offsets_are_shown_instead_of_lag_and_back() -> None:
    """`L` turns the partitions to what stands where in the log, and who says so."""
    async with running() as ft:
        await ft.press("2", "L")
        head = ft.row("LOG START")
        assert "POSITION AT" in head
        assert "END IS" in head
        assert "1,204  commit" in ft.row(" p0 ")
        await ft.press("L")
        assert "LOG START" not in ft.text()
        assert "LAST COMMIT" in ft.text()


async def test_the_age_of_what_is_unread_is_drawn_as_far_as_it_was_watched() -> None:
    """`T` draws time lag; after one answer there is nothing to draw yet, and the screen says so."""
    async with running() as ft:
        await ft.press("2", "j", "T")
        assert "drawn while a collector is watched" in ft.text()
        for _ in range(4):
            await ft.wait(1)
        assert "late 3m 20s ┤" in ft.text()
        await ft.press("T")
        assert "200k ┤" in ft.text()


async def test_where_there_is_no_chart_its_key_says_why() -> None:
    """At 80x24 the partitions need the room."""
    async with running(size=(80, 24)) as ft:
        await ft.press("2", "j", "T")
        assert "no chart here" in ft.lines()[-1]


async def test_partitions_get_more_room_while_somebody_is_in_them() -> None:
    """`tab` and `enter` lead in, `esc`, `tab` and `enter` back; the selected group stays in view."""
    async with running(size=(80, 24)) as ft:
        await ft.press("2", "j")
        view = ft.app.query_one(LagView)
        before = view.partitions.size.height
        for there, back in (("tab", "tab"), ("enter", "escape"), ("tab", "enter")):
            await ft.press(there)
            assert view.partitions.size.height > before
            assert "▌ledger" in ft.text()
            await ft.press(back)
            assert view.partitions.size.height == before


async def test_the_way_leads_to_what_was_found_of_the_group() -> None:
    """`a` filters the findings by group and destination, whatever characters are in their names."""
    from flowtrail_collector.filters import parse_filter

    async with running(FakeSource(hostile=True)) as ft:
        await ft.press("2", "j")
        view = ft.app.query_one(LagView)
        wanted, row = view.anomalies(), view.groups.current
        assert wanted is not None
        assert row is not None
        found = parse_filter(wanted)
        assert found.matches({"group": row.group, "destination": row.destination})
        assert not found.matches({"group": row.group, "destination": "another"})


def test_ages_are_drawn_at_even_times_and_unknown_where_nobody_looked() -> None:
    """A screen that was left for a while has a hole in what it saw."""
    watched = lag.Watched()
    document = {"rows": [{"group": "g", "destination": "d", "partition": 0, "lag": 1, "time_lag_ms": 50.0}]}
    rows = lag.groups(document, lag.History())
    for second in (0, 1, 2, 60, 61):
        watched.add(START + second * SECOND, rows)
        watched.add(START + second * SECOND, rows)
    values, times = watched.of(("g", "d"))
    assert times == (START, START + 61 * SECOND)
    assert (values[0], values[30], values[-1]) == (50.0, None, 50.0)
    assert watched.of(("other", "d"))[0] == [None] * lag.Watched.POINTS
    assert lag.Watched().of(("g", "d")) == ([], None)


@pytest.mark.parametrize(
    ("marks", "drawn"),
    [
        ([(0, "g1"), (100, "g2")], "▲g1                               ▲"),
        ([(98, "g1"), (100, "g2")], "                                 ▲▲"),
        ([(50, "g1"), (54, "g2")], "                 ▲▲g2"),
        ([(-300, "g1"), (50, "g2")], "                 ▲g2"),
        ([], ""),
    ],
)
def test_marks_that_are_close_keep_what_fits(marks: list[tuple[int, str]], drawn: str) -> None:
    """Every moment is pointed at; of labels that would overlap, the later one stays."""
    times = (START, START + 100 * SECOND)
    moments = [(START + at * SECOND, label) for at, label in marks]
    lines = chart("lag", [1, 2, 3], times, (SCALE + 2 + 35, 9), "spark", marks=moments)
    last = "".join(part.text for part in lines[-1])[SCALE + 2 :] if moments else ""
    assert last == drawn
    assert len(lines) == 9


def test_members_are_counted_by_the_broker_else_by_name() -> None:
    """Where nobody tells how many read, the members that partitions name are counted."""
    row = {"group": "g", "destination": "d", "lag": 0}
    named = [{**row, "partition": place, "member": f"m{place % 2}"} for place in range(4)]
    (group,) = lag.groups({"rows": named}, lag.History())
    assert group.members == 2
    (group,) = lag.groups({"rows": [{**one, "members": 3} for one in named]}, lag.History())
    assert group.members == 3
    (group,) = lag.groups({"rows": [{**row, "partition": 0}]}, lag.History())
    assert group.members is None
