"""How the screens behave, driven by keys on a fake source."""

import threading

import pytest

from flowtrail_collector.errors import StoreDamaged
from flowtrail_tui.views.ask import AskView
from flowtrail_tui.views.flows import FlowsView
from flowtrail_tui.widgets.entry import Entry
from tests.tui.fake import SECOND, START, FakeSource
from tests.tui.pilot import running


async def test_starts_with_the_newest_flows() -> None:
    """The first screen shows the newest flow on top, with the source, coverage and clock around it."""
    async with running() as ft:
        assert "ord-88213" in ft.lines()[5]
        assert "● live" in ft.lines()[0]
        assert "coverage 97%" in ft.lines()[0]
        assert "12:04:31Z" in ft.lines()[0]


async def test_follows_what_is_newer() -> None:
    """While nobody touches it, the list shows new flows about once a second."""
    async with running() as ft:
        ft.source.more(3)
        await ft.wait(1)
        assert "ord-88216" in ft.lines()[5]


async def test_the_first_flow_is_shown_at_once() -> None:
    """While nothing is there, every tick of the screen asks; once there is, one a second does."""
    async with running(FakeSource(flows_stored=0)) as ft:
        assert "No data yet" in ft.text() or "No flow" in ft.text()
        ft.source.more(1)
        await ft.wait(0.25)
        assert "ord-" in ft.lines()[5]
        ft.source.asked.clear()
        await ft.wait(0.25)
        assert [what for what, _ in ft.source.asked if what == "flows"] == []


async def test_moving_the_cursor_pins_the_rows() -> None:
    """A cursor movement pauses the view: rows stay, the pill counts what is newer, G follows again."""
    async with running() as ft:
        await ft.press("j")
        before = ft.lines()[5:20]
        ft.source.more(7)
        await ft.wait(1)
        assert ft.lines()[5:20] == before
        assert "paused · 7 newer · G resume" in ft.text()
        await ft.press("G")
        assert "ord-88220" in ft.lines()[5]
        assert "paused" not in ft.text()


async def test_one_key_leaves_only_what_went_wrong() -> None:
    """The exclamation mark adds a term to the filter and takes it away, whatever else is filtered."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("topic:orders.*")
        await ft.press("enter", "exclamation_mark")
        words = ft.app.query_one(FlowsView).filter.text.split()
        assert words[0] == "topic:orders.*"
        assert words[1].startswith("verdict:failed,")
        assert "! all" in ft.lines()[-1]
        assert not any("✓ ok" in line or "… pending" in line for line in ft.lines())
        await ft.press("exclamation_mark")
        assert ft.app.query_one(FlowsView).filter.text == "topic:orders.*"
        assert "! faults" in ft.lines()[-1]


async def test_space_pauses_and_resumes() -> None:
    """The space bar does both, without moving."""
    async with running() as ft:
        await ft.press("space")
        assert "paused" in ft.text()
        ft.source.more(1)
        await ft.press("space")
        assert "ord-88214" in ft.lines()[5]


async def test_pause_never_reaches_the_source() -> None:
    """Paused, the view asks only for a count: the collector goes on."""
    async with running() as ft:
        await ft.press("j")
        ft.source.asked.clear()
        await ft.wait(1)
        about = [about for what, about in ft.source.asked if what == "flows"]
        assert [window.since_ns is not None and window.since_ns > START - SECOND for window, *_ in about] == [True]


async def test_the_next_page_comes_before_the_end() -> None:
    """Going down asks for more rows; the list is as long as the window."""
    async with running() as ft:
        await ft.press("end")
        assert "30 of 130+" in ft.text()
        await ft.press("end")
        await ft.press("pagedown")
        assert ft.app.query_one(FlowsView).table.count() >= 200
        rows = ft.app.query_one(FlowsView).tail.rows
        assert len({row.identity for row in rows}) == len(rows)


async def test_short_pages_are_read_on() -> None:
    """Where few flows pass, pages come short with a cursor: the view reads on until the screen is full."""
    async with running(FakeSource(scant=30)) as ft:
        assert all("ord-" in line for line in ft.lines()[5:28])
        ft.source.more(1)
        await ft.wait(1)
        assert "ord-88214" in ft.lines()[5]
        assert all("ord-" in line for line in ft.lines()[5:28])


async def test_preview_tells_the_selected_row() -> None:
    """The pane below tells the selected row's sentence; below 30 rows it is not there."""
    async with running() as ft:
        await ft.press("j", "j")
        assert "ledger finished it after a later record of the same key" in ft.text()
    async with running(size=(120, 29)) as ft:
        assert not ft.app.query_one(FlowsView).preview.display


async def test_filter_narrows_the_list() -> None:
    """`/` takes a filter; enter puts it in force; x clears it."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("verdict:!ok")
        await ft.press("enter")
        assert all("✓ ok" not in line for line in ft.lines())
        assert "verdict:!ok" in ft.lines()[3]
        await ft.press("x")
        assert any("✓ ok" in line for line in ft.lines())


async def test_a_wrong_filter_is_pointed_at() -> None:
    """The message stands below the character that is wrong, and the list keeps what it showed."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("topic:orders.* vredict:ok")
        await ft.press("enter")
        typed, wrong = ft.lines()[3], ft.lines()[4]
        assert typed.index("vredict") == wrong.index("↑")
        assert "did you mean 'verdict'" in wrong
        assert "ord-88213" in ft.text()
        await ft.press("escape")
        assert "vredict" not in ft.text()


async def test_keys_typed_into_a_filter_are_text() -> None:
    """Neither q nor 2 nor ctrl+c acts while someone types."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("q2")
        await ft.press("ctrl+c")
        assert ft.app.is_running
        assert "q2" in ft.lines()[3]


async def test_ctrl_c_says_how_to_quit() -> None:
    """ctrl+c never quits, q does."""
    async with running() as ft:
        await ft.press("ctrl+c")
        assert "q does" in ft.lines()[-1]
        await ft.pilot.press("q")
        await ft.pilot.pause()
    assert ft.app.return_value == 0


async def test_a_flow_is_asked_about() -> None:
    """The verdict on a flow has its events in a list that can be moved through; esc leads back."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("flow:ord-88211")
        await ft.press("enter")
        assert ft.app.current == "ask"
        assert ("ask", "flow:ord-88211") in ft.source.asked
        assert "⇅ REORDERED" in ft.text()
        assert "understood as a flow" in ft.text()
        await ft.press("j")
        assert "✓ OK" in ft.text()
        await ft.press("escape")
        assert ft.app.current == "flows"


async def test_ask_by_typing() -> None:
    """: takes a question; [ and ] go through earlier ones."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("ord-88213")
        await ft.press("enter")
        assert "✗ FAILED" in ft.text()
        await ft.press("colon")
        await ft.type("ord-88212")
        await ft.press("enter")
        assert "✓ OK" in ft.text()
        await ft.press("left_square_bracket")
        assert "✗ FAILED" in ft.text()
        await ft.press("right_square_bracket")
        assert "✓ OK" in ft.text()


async def test_nothing_known_names_what_is_near() -> None:
    """An unknown event is said to be unknown; enter asks about what is known near it."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("orders:3:99")
        await ft.press("enter")
        assert "nothing is known of 'orders:3:99'" in ft.text()
        await ft.press("enter")
        assert "understood as destination:partition:offset" in ft.text()


async def test_a_range_near_it_is_completed_by_hand() -> None:
    """What is known near and wants an offset comes into the input."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("nonesuch")
        await ft.press("enter", "end", "enter")
        assert ft.lines()[3].startswith(" : orders.created:3:")
        await ft.type("184400")
        await ft.press("enter")
        assert "understood as destination:partition:offset" in ft.text()


async def test_a_question_with_two_readings() -> None:
    """Where several readings match it says so; c takes another one."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("ord-88205")
        await ft.press("enter")
        assert "also: trace id   c chooses" in ft.text()
        await ft.press("c", "2")
        assert ("ask", ("ord-88205", "trace")) in ft.source.asked
        assert "understood as a trace id" in ft.text()


async def test_evidence_is_one_key_away() -> None:
    """E lists the spans that prove each claim."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("ord-88212")
        await ft.press("enter", "E")
        assert ft.app.current == "evidence"
        assert "4bf92f3577b34da6a3ce929d0e0e4736/" in ft.text()
        await ft.press("escape")
        assert ft.app.current == "ask"


async def test_lag_sums_partitions_and_names_the_worst() -> None:
    """A row per group and destination, worst first; below it the partitions of the selected one."""
    async with running() as ft:
        await ft.press("2", "j")
        assert "181,902" in ft.row("▌ledger")
        assert "p7 holds 94% of the lag" in ft.text()
        assert "never" in ft.row("▌ledger")


async def test_unknown_lag_is_never_zero() -> None:
    """A group without a position shows ?, one without lag 0, and nothing to wait for –."""
    async with running() as ft:
        await ft.press("2")
        assert "?" in ft.row("audit")
        assert " 0 " not in ft.row("audit").split("1,204")[0]
        assert "–" in ft.row("billing ")


async def test_disconnected_is_unmistakable() -> None:
    """Rows stay, dimmed; a banner says since when and until when; lag is unknown; it comes back by itself."""
    async with running() as ft:
        await ft.press("2")
        ft.source.gone = True
        await ft.wait(2)
        assert "✗ disconnected · data as of 12:04:31, retry in 1 s" in ft.lines()[2]
        assert "?" in ft.row("ledger")
        assert "181,902" not in ft.text()
        await ft.wait(1)
        assert "retry in 2 s" in ft.lines()[2]
        ft.source.gone = False
        await ft.wait(2)
        await ft.wait(1)
        assert "disconnected" not in ft.text()
        assert "181,902" in ft.text()


async def test_a_source_that_is_not_there_at_first() -> None:
    """Without any data the screen says what it waits for, and starts when it is there."""
    source = FakeSource(gone=True)
    async with running(source) as ft:
        assert "Waiting for http://prod-eu:8765" in ft.text()
        source.gone = False
        await ft.wait(1)
        await ft.wait(1)
        assert "ord-88213" in ft.text()


async def test_an_error_stays_in_its_panel() -> None:
    """Another error than absence is told in the view, the last rows stay; r asks again."""
    async with running() as ft:
        ft.source.error = StoreDamaged("flows.duckdb is damaged at block 7: restore a copy")
        await ft.wait(1)
        assert "damaged at block 7" in ft.text()
        assert "ord-88213" in ft.text()
        assert "disconnected" not in ft.text()
        ft.source.error = None
        await ft.press("r")
        assert "damaged" not in ft.text()


async def test_loading_shows_a_skeleton_and_escape_cancels() -> None:
    """A slow first answer leaves the keys alive; esc gives it up; its late answer changes nothing."""
    gate = threading.Event()
    source = FakeSource()
    answer = source.flows
    source.flows = lambda *args, **kwargs: (gate.wait(5), answer(*args, **kwargs))[1]  # type: ignore[method-assign]
    async with running(source, wait=False) as ft:
        await ft.pilot.pause(0.05)
        assert "▒▒▒▒" in ft.text()
        ft.source.now_ns += SECOND // 5
        ft.app.tick()
        await ft.pilot.pause()
        assert "asking… esc cancels" in ft.text()
        await ft.pilot.press("escape")
        await ft.pilot.pause()
        assert "Cancelled" in ft.text()
        gate.set()
        await ft.pilot.pause(0.1)
        assert "Cancelled" in ft.text()
        await ft.press("r")
        assert "ord-88213" in ft.text()


async def test_escape_cancels_a_slow_question() -> None:
    """Ask shows that it is asking; esc gives up."""
    gate = threading.Event()
    source = FakeSource()
    answer = source.ask
    source.ask = lambda *args, **kwargs: (gate.wait(5), answer(*args, **kwargs))[1]  # type: ignore[method-assign]
    async with running(source) as ft:
        await ft.press("colon")
        await ft.pilot.press(*"ord", "enter")
        await ft.pilot.pause(0.05)
        assert "asking… esc cancels" in ft.text()
        await ft.pilot.press("escape")
        await ft.pilot.pause()
        assert "Cancelled" in ft.text()
        gate.set()


async def test_no_question_runs_on_the_event_loop() -> None:
    """Every call of the source is made in a thread of its own."""
    async with running() as ft:
        await ft.press("j", "enter", "v", "v", "v", "E", "escape", "enter", "2", "1")
        lanes = {"flows", "status", "ask", "lag", "flow", "flow-spans", "evidence"}
        assert {f"ask-{lane}" for lane in lanes} <= ft.source.threads
        assert all(name.startswith("ask-") for name in ft.source.threads)


@pytest.mark.parametrize(
    ("source", "wanted", "key"),
    [
        (FakeSource(flows_stored=0), "No data yet", None),
        (FakeSource(now_ns=START + 3 * 86_400 * SECOND), "No flow began in the last 15m", "w"),
    ],
)
async def test_empty_says_why(source: FakeSource, wanted: str, key: str | None) -> None:
    """An empty list says whether data or window is the reason, and one key mends what can be mended."""
    async with running(source) as ft:
        assert wanted in ft.text()
        if key:
            await ft.press(key)
            assert "ord-88213" in ft.text()


async def test_empty_for_the_filter() -> None:
    """A filter that lets nothing pass is named, and x takes it away."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("nonesuch")
        await ft.press("enter")
        assert "Nothing passes the filter" in ft.text()
        await ft.press("x")
        assert "ord-88213" in ft.text()


async def test_replay_is_unmistakable() -> None:
    """A file says REPLAY, looks back from its newest span, asks once, and G leads to the last row."""
    source = FakeSource(name="/data/flowtrail.duckdb", live=False)
    async with running(source) as ft:
        assert "▶ REPLAY" in ft.lines()[0]
        assert "ord-88213" in ft.text()
        source.asked.clear()
        await ft.wait(5)
        assert source.asked == []
        await ft.press("j")
        assert "paused" not in ft.text()


async def test_low_coverage_is_said() -> None:
    """Below nine tenths a line says what that does to answers."""
    async with running(FakeSource(coverage=0.41)) as ft:
        assert "coverage 41%" in ft.lines()[2]
        await ft.press("enter", "enter")
        assert "coverage is 41%" in ft.text()


async def test_time_range() -> None:
    """The key t chooses another window, by cursor or by number."""
    async with running() as ft:
        await ft.press("t", "1")
        assert "window 1m" in ft.lines()[0]
        await ft.press("t", "j", "enter")
        assert "window 5m" in ft.lines()[0]


async def test_help_filters_as_one_types() -> None:
    """? shows every key; typing narrows; esc closes."""
    async with running() as ft:
        await ft.press("question_mark")
        assert "which group is behind" in ft.text()
        await ft.type("evidence")
        assert "the spans that prove the answers" in ft.text()
        assert "which group is behind" not in ft.text()
        await ft.press("escape")
        assert len(ft.app.screen_stack) == 1


async def test_too_small_is_one_line() -> None:
    """Below 60x15 one line is left; growing brings everything back."""
    async with running(size=(50, 10)) as ft:
        assert [line for line in ft.lines() if line] == ["flowtrail live · 50x10: needs 60x15"]
        await ft.pilot.resize_terminal(120, 36)
        await ft.settle()
        assert "ord-88213" in ft.text()


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (97, 31), (200, 60)])
async def test_resize_at_any_moment(size: tuple[int, int]) -> None:
    """Every view draws at every size."""
    async with running() as ft:
        for keys in ((), ("j", "enter"), ("v",), ("v",), ("v", "E"), ("escape", "enter"), ("2",)):
            await ft.press(*keys)
            await ft.pilot.resize_terminal(*size)
            await ft.settle()
            assert all(len(line) <= size[0] for line in ft.lines())
            await ft.pilot.resize_terminal(120, 36)
            await ft.settle()


async def test_views_are_mounted_when_looked_at() -> None:
    """The first screen does not pay for the others."""
    async with running() as ft:
        assert not ft.app.query("#lag")
        assert not ft.app.query(AskView)


async def test_starts_where_it_is_told() -> None:
    """`initial` names a view or is a question."""
    async with running(initial="lag") as ft:
        assert ft.app.current == "lag"
    async with running(initial="ord-88213") as ft:
        assert "✗ FAILED" in ft.text()


async def test_the_mouse_can_do_what_keys_can() -> None:
    """A tab, a row, a second click on it, and a key in the footer."""
    async with running() as ft:
        await ft.pilot.click("#tabs", offset=(12, 0))
        await ft.settle()
        assert ft.app.current == "lag"
        await ft.pilot.click("#tabs", offset=(3, 0))
        await ft.settle()
        await ft.pilot.click("#flow-list", offset=(20, 3))
        await ft.settle()
        assert ft.app.query_one(FlowsView).table.cursor == 2
        await ft.pilot.click("#flow-list", offset=(20, 3), times=2)
        await ft.settle()
        assert ft.app.current == "flow"


async def test_horizontal_shift_shows_the_whole_sentence() -> None:
    """The key l moves the view sideways until the end of the longest sentence, h back."""
    async with running(size=(80, 24)) as ft:
        assert "nothing tries again" not in ft.text()
        await ft.press("l")
        assert "nothing tries again" in ft.text()
        await ft.press("h")
        assert "TIME" in ft.lines()[4]


async def test_hostile_data_binds_no_action() -> None:
    """Markup in data is text: nothing raises, no click on it quits."""
    async with running(FakeSource(hostile=True)) as ft:
        assert "[@click=app.qui" in ft.text()
        for y in range(5, 20):
            await ft.pilot.click(offset=(30, y))
        await ft.press("enter", "v", "v", "enter", "escape", "v", "E", "escape", "enter", "2", "1", "y", "escape")
        assert ft.app.is_running


async def test_keys_work_after_the_terminal_was_too_small() -> None:
    """The list takes them again, and no input that nobody sees, whatever lay above it meanwhile."""
    async with running() as ft:
        await ft.press("slash", "escape", "2", "question_mark")
        await ft.pilot.resize_terminal(50, 12)
        await ft.press("escape")
        assert "needs 60x15" in ft.text()
        assert not isinstance(ft.app.focused, Entry)
        await ft.pilot.resize_terminal(120, 36)
        await ft.settle()
        await ft.press("1")
        await ft.press("j", "j")
        assert ft.row("▌") == ft.lines()[7]


async def test_a_half_typed_filter_outlives_a_small_terminal() -> None:
    """Back at a size to work with, typing goes on."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("top")
        await ft.pilot.resize_terminal(50, 12)
        await ft.settle()
        await ft.pilot.resize_terminal(120, 36)
        await ft.settle()
        await ft.type("ic:x")
        assert "topic:x" in ft.lines()[3]
