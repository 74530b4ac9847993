"""The order of rows: what is sorted is said, what is sorted is held still, and the way back is the way forward."""

from flowtrail_tui.widgets.table import Table
from tests.tui.fake import FakeSource
from tests.tui.pilot import Driven, running


def _column(ft: Driven, place: int, count: int = 6) -> list[str]:
    return [line.replace("▌", " ").split()[place] for line in ft.lines()[5 : 5 + count]]


async def test_the_newest_flows_are_sorted_and_the_screen_says_how_many_these_are() -> None:
    """Slowest first, of the newest 300, which are read for it; the live list is held still and counts what is newer."""
    async with running() as ft:
        await ft.press("s", "3")
        assert "1 of the 300 newest, slowest first" in ft.text()
        assert "paused" in ft.text()
        known = [row["end_to_end_ms"] for row in ft.source.rows[:300] if row["end_to_end_ms"]]
        slowest = next(row for row in ft.source.rows if row["end_to_end_ms"] == max(known))
        assert _column(ft, 3, 1) == [slowest["flow"]]
        ft.source.more(3)
        await ft.wait(1)
        assert "3 newer" in ft.text()
        assert _column(ft, 3, 1) == [slowest["flow"]]


async def test_newest_first_follows_again() -> None:
    """The order that a live list has by itself is the one in which it follows."""
    async with running() as ft:
        await ft.press("s", "2")
        assert "oldest first" in ft.text()
        ft.source.more(1)
        await ft.press("s", "1")
        await ft.wait(1)
        assert "paused" not in ft.text()
        assert "oldest first" not in ft.text()
        assert ft.source.rows[0]["flow"] in ft.lines()[5]


async def test_a_file_is_sorted_and_back_without_asking_again() -> None:
    """In a file nothing comes: sorting is putting the rows elsewhere, there and back."""
    async with running(FakeSource(live=False, flows_stored=60)) as ft:
        before = _column(ft, 3)
        asked = len(ft.source.asked)
        await ft.press("s", "5")
        names = _column(ft, 3)
        assert names == sorted(names)
        assert names != before
        await ft.press("G", "s", "1")
        assert _column(ft, 3) == before
        assert len(ft.source.asked) == asked


async def test_sorted_rows_stay_where_they_are_when_the_last_is_reached() -> None:
    """The end of a sorted list asks for no more: what came would have to stand in between."""
    async with running(FakeSource(live=False)) as ft:
        await ft.press("s", "4", "G")
        assert "300 of the 300 newest, verdict first" in ft.text()


async def test_rows_that_are_read_while_sorted_leave_the_cursor_on_its_row() -> None:
    """Older flows take their places among the sorted ones; whoever stands on a row stays on it."""
    async with running() as ft:
        ft.source.latency_s = 0.4
        await ft.pilot.press("s", "5")
        await ft.pilot.pause()
        await ft.pilot.press("j", "j")
        table = ft.app.query_one("#flow-list", Table)
        selected = table.current
        assert len(table.rows) < 300
        ft.source.latency_s = 0.0
        await ft.settle()
        assert len(table.rows) == 300
        assert table.current == selected
        assert table.cursor > 2


async def test_groups_are_sorted_and_stay_so_with_the_next_sample() -> None:
    """The order is said where it is not the usual one, and the cursor stays on its group."""
    async with running() as ft:
        await ft.press("2", "j", "s", "4")
        assert "sorted by group" in ft.text()
        names = _column(ft, 0)
        assert names == sorted(names)
        assert "▌ledger" in ft.text()
        await ft.wait(2)
        assert _column(ft, 0) == names
        await ft.press("s", "3")
        assert _column(ft, 0, 2) == ["ledger", "email"]
