"""Typing: completion, pasted texts, commands, earlier questions and filters, the time range."""

import pytest
from textual import events

from flowtrail_tui.model import window as ranges
from flowtrail_tui.views.ask import AskView
from flowtrail_tui.views.flows import FlowsView
from flowtrail_tui.widgets.entry import Completing
from tests.tui.fake import SECOND, START, FakeSource
from tests.tui.pilot import Driven, running

MINUTE = 60 * SECOND


def typed(ft: Driven) -> str:
    return ft.app.query_one(AskView).entry.value


async def paste(ft: Driven, text: str) -> None:
    ft.app.query_one(AskView).entry.post_message(events.Paste(text))
    await ft.settle()


# The question.


async def test_a_question_is_completed_from_what_the_source_knows() -> None:
    """Destinations and ids that begin so are proposed; tab takes one after the other, shift+tab goes back."""
    async with running() as ft:
        await ft.press("colon")
        assert "↑ earlier questions" in ft.text()
        await ft.type("orders")
        assert "orders.created:" in ft.text()
        await ft.press("tab")
        assert typed(ft) == "orders.created:"
        await ft.press("tab")
        assert typed(ft) == "orders.updated:"
        await ft.press("shift+tab")
        assert typed(ft) == "orders.created:"
        await ft.press(*["backspace"] * 20)
        await ft.type("ord-8821")
        assert "flow:ord-88213" in ft.text()
        await ft.press("tab", "enter")
        assert "▸ flow:ord-88213" in ft.lines()[0]


async def test_a_proposal_can_be_clicked() -> None:
    """A click takes it and the input keeps the focus."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("payments.s")
        row = next(number for number, line in enumerate(ft.lines()) if "payments.settled:" in line)
        await ft.pilot.click(offset=(ft.lines()[row].index("payments.settled:") + 2, row))
        await ft.settle()
        assert typed(ft) == "payments.settled:"
        assert isinstance(ft.app.focused, Completing)


async def test_hostile_names_are_shown_and_not_typed() -> None:
    """What comes from the data is made visible; what can not be typed is not proposed."""
    async with running(FakeSource(hostile=True)) as ft:
        await ft.press("colon")
        await ft.type("n")
        assert "\x1b" not in ft.text()
        await ft.press("tab")
        assert typed(ft).isprintable()


async def test_a_source_without_names_completes_all_the_same() -> None:
    """Prefixes and commands need no data; an older collector that refuses the question disturbs nobody."""
    source = FakeSource()
    async with running(source) as ft:
        source.error = ValueError("no such question")
        await ft.press("colon")
        await ft.type("tr")
        await ft.press("tab")
        assert typed(ft) == "trace:"


async def test_the_id_in_a_pasted_line_is_asked() -> None:
    """Quotes, a header's name and the rest of a log line are left out."""
    async with running() as ft:
        await ft.press("colon")
        await paste(ft, '  "ord-88213"\n')
        assert typed(ft) == "ord-88213"
        await ft.press(*["backspace"] * 9)
        await paste(ft, "12:04:31 WARN correlation_id=ord-88205 was refused\nsecond line")
        assert typed(ft) == "flow:ord-88205"
        await ft.press("enter")
        assert "▸ flow:ord-88205" in ft.lines()[0]


async def test_what_else_was_looked_up_is_said() -> None:
    """The line below says which other readings found nothing, and offers the one that found something."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("ord-88213")
        await ft.press("enter")
        assert "also tried: message id → 0 other matches" in ft.text()
        await ft.press("colon")
        await ft.type("ord-88205")
        await ft.press("enter")
        row = next(number for number, line in enumerate(ft.lines()) if "also: trace id" in line)
        await ft.pilot.click(offset=(ft.lines()[row].index("also: trace id") + 2, row))
        await ft.settle()
        assert "Understand it as" in ft.text()


# Commands.


async def test_commands_lead_to_views_and_filter_them() -> None:
    """A view's name shows it, with the filter that follows; the place before is one step back."""
    async with running() as ft:
        await ft.press("2", "colon")
        await ft.type("flows verdict:failed")
        assert "command: the live list of flows" in ft.text()
        await ft.press("enter")
        assert "▸ Flows" in ft.lines()[0]
        assert "verdict:failed" in ft.lines()[3]
        await ft.press("left_square_bracket")
        assert "▸ Lag" in ft.lines()[0]


async def test_a_command_with_a_slip_says_so() -> None:
    """The input stays, and the footer says what is wrong."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("flows vredict:ok")
        await ft.press("enter")
        assert "did you mean 'verdict'" in ft.lines()[-1]
        assert typed(ft) == "flows vredict:ok"
        await ft.press(*["backspace"] * 30)
        await ft.type("theme pink")
        await ft.press("enter")
        assert "expected one of dark, light, ansi" in ft.lines()[-1]
        assert "▸ Flows" in ft.lines()[0]
        await ft.press("colon")
        await ft.type("since never")
        await ft.press("enter")
        assert "no moment: expected an age" in ft.lines()[-1]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("since 1h", "window 1h"),
        ("since 12:00", "window since 12:00"),
        ("until 12:00", "window 11:45-12:00  ◀ past"),
        ("at 12:04:10", "window 12:03:10-12:05:10  ◀ past"),
        ("lag", "▸ Lag"),
        ("help filter", "topic:orders.* group:billing"),
        ("until", "The past, until"),
        ("saved", "nothing is saved yet"),
        ("report order", "▌order"),
    ],
)
async def test_what_commands_do(typed: str, shown: str) -> None:
    """Each does what it says and leaves the input."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type(typed)
        await ft.press("enter")
        assert shown in ft.text()


async def test_quitting_and_themes_by_name() -> None:
    """`:theme light` changes the colours where one was, `:q` leaves."""
    async with running() as ft:
        await ft.press("2", "colon")
        await ft.type("theme light")
        await ft.press("enter")
        assert ft.app.theme == "light"
        assert "▸ Lag" in ft.lines()[0]
        await ft.press("colon")
        await ft.type("q")
        await ft.pilot.press("enter")
        await ft.pilot.pause()
        assert ft.app.return_value == 0


async def test_a_prefix_makes_a_command_a_question() -> None:
    """`id:lag` asks for an event of that name."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("id:lag")
        await ft.press("enter")
        assert ("ask", "id:lag") in ft.source.asked


# The filter.


async def test_a_filter_is_completed_and_remembered() -> None:
    """Fields and values are proposed; the arrows bring earlier filters."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("gr")
        await ft.press("tab")
        await ft.type("bi")
        assert "billing" in ft.lines()[4]
        await ft.press("tab")
        assert ft.app.query_one(FlowsView).query_one(Completing).value == "group:billing"
        await ft.press("enter", "slash")
        await ft.press(*["backspace"] * 20)
        await ft.type("verdict:fail")
        await ft.press("tab", "enter")
        assert "verdict:failed" in ft.lines()[3]
        await ft.press("slash", "up", "up")
        assert ft.app.query_one(FlowsView).query_one(Completing).value == "group:billing"
        await ft.press("down", "down")
        assert ft.app.query_one(FlowsView).query_one(Completing).value == ""


async def test_ends_in_a_filter_are_the_ones_shown() -> None:
    """A filter with an end of its own says so in the status bar, as long as it holds."""
    async with running() as ft:
        await ft.press("slash")
        await ft.type("since:5m verdict:ok")
        await ft.press("enter")
        assert "window since:5m" in ft.lines()[0]
        await ft.press("x")
        assert "window 15m" in ft.lines()[0]


# The time range.


async def test_the_past_is_looked_at_and_left() -> None:
    """A moment that is typed ends the range; the status bar says that it is the past; t leads back."""
    async with running() as ft:
        await ft.press("t")
        assert "until …" in ft.text()
        await ft.press("9")
        await ft.type("10m")
        assert "2026-03-01 11:39:31Z to 2026-03-01 11:54:31Z" in ft.text()
        await ft.press("enter")
        assert "window 11:39:31-11:54:31  ◀ past" in ft.lines()[0]
        assert ft.source.asked[-1][1][0].until_ns == START - 10 * MINUTE
        assert "11:54" in ft.lines()[5]
        await ft.press("j")
        await ft.wait(1)
        assert "newer" not in ft.text(), "nothing new comes into the past"
        await ft.press("t", "3")
        assert "past" not in ft.lines()[0]


async def test_a_moment_that_is_none_is_not_taken() -> None:
    """What is wrong is said while one types; enter does nothing then."""
    async with running() as ft:
        await ft.press("t", "9")
        await ft.type("soon")
        assert "no moment" in ft.text()
        await ft.press("enter")
        assert "The past, until" in ft.text()
        await ft.press("escape")
        assert "window 15m" in ft.lines()[0]


async def test_the_mark_of_the_past_leads_back() -> None:
    """A click on it looks at the present again; so does all time."""
    async with running() as ft:
        await ft.press("t", "9")
        await ft.type("12:00")
        await ft.press("enter")
        await ft.pilot.click(offset=(ft.lines()[0].index("◀ past"), 0))
        await ft.settle()
        assert "window 15m" in ft.lines()[0]


async def test_every_view_shows_the_range_that_is_chosen() -> None:
    """A range that was chosen in one view holds in the next, also in a file, which is asked once."""
    async with running(FakeSource(live=False)) as ft:
        await ft.press("2", "t", "4")
        ft.source.asked.clear()
        await ft.press("1")
        (window, *_), *_ = [about for what, about in ft.source.asked if what == "flows"]
        assert window.since_ns == START - 60 * MINUTE
        ft.source.asked.clear()
        await ft.press("2", "1")
        assert [what for what, _ in ft.source.asked if what in ("flows", "lag")] == [], "nothing changed meanwhile"


def test_times_of_the_day_are_the_last_ones() -> None:
    """`12:04` is today's where it has been, else yesterday's."""
    assert ranges.moment("12:04:30", START) == START - SECOND
    assert ranges.moment("12:04:32", START) == START + SECOND - 24 * 60 * MINUTE
    assert ranges.moment("9:30", START) == START - (2 * 60 + 34) * MINUTE - 31 * SECOND
    assert ranges.moment("2026-03-01T12:04:30Z", START) == START - SECOND
    assert ranges.moment("1m", START) == START - MINUTE


def test_how_a_range_is_written() -> None:
    """The past names both its ends, and the day where it is another."""
    fifteen = ranges.DEFAULT
    assert fifteen.shown(START) == "15m"
    assert ranges.until(START - SECOND, fifteen).shown(START) == "11:49:30-12:04:30"
    assert ranges.until(START - 24 * 60 * MINUTE - 31 * SECOND, fifteen).shown(START) == "02-28 11:49-12:04"
    assert ranges.until(START, ranges.EVERYTHING).shown(START) == "until 12:04:31"
    for one in (fifteen, ranges.until(START, fifteen), ranges.around(START, fifteen), ranges.since(START, fifteen)):
        assert ranges.read(one.text) == one
        assert ranges.present(one) == fifteen


async def test_the_palette_does_everything_that_a_key_does() -> None:
    """Every action of the application is there by name, with its key, and works from there."""
    async with running() as ft:
        offered = {one.title: one for one in ft.app.get_system_commands(ft.app.screen)}
        for name in ("Filter", "Time range", "All time", "Yank", "Open in", "Go to", "Save the view", "Help", "Quit"):
            assert name in offered
        assert offered["Time range"].help == "Key t"
        offered["Time range"].callback()
        await ft.settle()
        assert "back from now" in ft.text()
        await ft.press("escape", "ctrl+p", *"All tim")
        await ft.pilot.pause(0.5)
        await ft.press("enter")
        await ft.pilot.pause(0.2)
        assert "window all" in ft.lines()[0]
