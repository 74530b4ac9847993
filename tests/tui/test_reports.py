"""The Reports screen: what it offers, how a report is made beside it, ended, queued and found again."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flowtrail_collector.errors import StoreDamaged
from flowtrail_collector.source import Window
from flowtrail_reports import ABOUT, FORMATS
from flowtrail_tui import files, reporting
from flowtrail_tui.model import reports as model
from flowtrail_tui.model.reports import Job
from flowtrail_tui.reporting import Order
from flowtrail_tui.views.reports import ReportsView
from tests.tui.fake import HOSTILE, SECOND, START, FakeSource
from tests.tui.pilot import Driven, running


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def _made() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


async def _until(ft: Driven, holds: Callable[[ReportsView], bool]) -> None:
    """Wait for a report, which is made in a process of its own."""
    view = ft.app.query_one(ReportsView)
    async with asyncio.timeout(60):
        while not holds(view):
            await ft.pilot.pause(0.05)
    await ft.settle()


def _rested(view: ReportsView) -> bool:
    return all(job.state not in (model.WAITING, model.RUNNING) for job in view.jobs)


async def test_every_report_and_format_is_offered_as_the_command_names_it() -> None:
    """Names and descriptions are those of `flowtrail report`; html is chosen to begin with."""
    async with running() as ft:
        await ft.press("5")
        for does in ABOUT.values():
            assert does in ft.text()
        for name in FORMATS:
            assert ("[x]" if name == "html" else "[ ]") in ft.row(f"] {name}")
        assert "window 15m" in ft.text()
        assert "Nothing made yet" in ft.text()


async def test_space_chooses_formats_and_one_always_stays() -> None:
    """Formats are let go by the same key, and never all of them."""
    async with running() as ft:
        await ft.press("5", "space", "space")
        assert ft.app.query_one(ReportsView).formats == ("html",)
        await ft.press("j", "space", "k", "space")
        assert ft.app.query_one(ReportsView).formats == ("csv",)


async def test_enter_makes_a_report_and_the_list_shows_its_files() -> None:
    """A report is made in all chosen formats, named with the moment, and found in the list."""
    async with running() as ft:
        await ft.press("5", "space", "j", "space", "escape", "enter")
        await _until(ft, _rested)
        assert _made() == ["flowtrail-lag-20260301T120431Z.csv", "flowtrail-lag-20260301T120431Z.html"]
        assert "done" in ft.row("lag as html, csv")
        assert len([row for row in ft.lines() if " new " in row]) == 2


async def test_the_filter_and_the_time_range_in_force_are_the_report_s() -> None:
    """What is asked is what the screen says: its filter, its window."""
    async with running() as ft:
        await ft.press("5", "w", "slash")
        await ft.type("group:billing")
        await ft.press("enter", "space", "j", "j", "space", "k", "k", "space", "escape", "enter")
        await _until(ft, _rested)
        (made,) = _made()
        document = json.loads(Path(made).read_text())  # noqa: ASYNC240 (a test waits for it)
        assert (document["filter"], document["since"]) == ("group:billing", None)


async def test_escape_ends_a_report_and_leaves_nothing() -> None:
    """The process is ended, no file stays, whole or half, and what waits comes next."""
    async with running() as ft:
        ft.source.latency_s = 30.0
        await ft.pilot.press("5", "enter")
        await _until(ft, lambda view: bool(view.jobs) and len(view.jobs[0].steps) > 1)
        await ft.pilot.press("escape")
        assert "Nothing was written" in ft.text()
        async with asyncio.timeout(20):
            while _made():
                await ft.pilot.pause(0.05)
        assert ft.app.query_one(ReportsView).jobs[0].state == model.CANCELLED


async def test_leaving_the_program_ends_a_report() -> None:
    """Whoever quits while a report is made leaves no half of it."""
    async with running() as ft:
        ft.source.latency_s = 30.0
        await ft.pilot.press("5", "enter")
        await _until(ft, lambda view: bool(view.jobs) and len(view.jobs[0].steps) > 1)
        assert _made() != []
    assert _made() == []


async def test_several_reports_wait_for_each_other() -> None:
    """The second begins when the first is done, whatever screen is shown meanwhile."""
    async with running() as ft:
        await ft.pilot.press("5", "enter", "j", "enter")
        assert "1 report after it: duplicates as html" in ft.text()
        await ft.pilot.press("1")
        await _until(ft, _rested)
        assert "report duplicates as html: done" in ft.lines()[-1]
        assert [name.split("-")[1] for name in _made()] == ["duplicates", "lag"]


async def test_a_failed_report_says_what_is_wrong_and_can_be_tried_again() -> None:
    """The error stays in its panel, with the key that helps; no file is left."""
    async with running() as ft:
        await ft.press("5")
        ft.source.error = StoreDamaged("flowtrail.duckdb is damaged at block 7: restore a copy of it")
        await ft.press("enter")
        await _until(ft, _rested)
        assert "damaged at block 7: restore a copy of it" in ft.text()
        assert "tries again" in ft.text()
        assert _made() == []
        ft.source.error = None
        await ft.press("enter")
        await _until(ft, _rested)
        assert len(_made()) == 1


async def test_a_flow_report_asks_of_what_and_proposes_what_was_looked_at_last() -> None:
    """The story of a flow needs to know which: the last one that was asked about stands there already."""
    async with running() as ft:
        await ft.press("enter", "5", "G", "enter")
        assert "The story of what?" in ft.text()
        assert "flow:ord-88213" in ft.text()
        await ft.press("enter")
        await _until(ft, _rested)
        assert "flow of flow:ord-88213 as html" in ft.text()
        assert [name.split("-")[1] for name in _made()] == ["flow"]


async def test_a_made_file_is_opened_or_its_place_is_said() -> None:
    """Without a desktop the whole path is said, and `y` offers it beside the command that made it."""
    Path("flowtrail-lag.csv").write_text("made earlier")  # noqa: ASYNC240 (a test waits for it)
    async with running() as ft:
        await ft.press("5", "tab", "tab", "enter")
        assert "no desktop here" in ft.lines()[-1]
        await ft.press("y")
        assert str(Path.cwd() / "flowtrail-lag.csv")[:20] in ft.text()


async def test_the_command_of_a_report_is_offered() -> None:
    """What is made here can be made by a script: the yank menu holds the command line."""
    async with running() as ft:
        await ft.press("5", "y")
        assert "flowtrail report lag --since 15m" in ft.text()


def test_the_command_is_safe_to_paste() -> None:
    """A hostile filter or name is one word for the shell, and shows its controls."""
    order = Order("flow", ("html", "csv"), Window(None, None), "all", what=HOSTILE[0] + "'; rm -rf ~")
    told = reporting.command(order, "flowtrail.duckdb")
    assert "\x1b" not in told
    assert "--format html --format csv -o flowtrail-flow" in told
    import shlex

    assert shlex.split(told)[3].endswith("'; rm -rf ~")


def test_the_real_source_is_opened_anew_by_the_other_process(tmp_path: Path) -> None:
    """A store file that is open here is read there, with the same declarations."""
    from flowtrail_collector.source import StoreSource
    from flowtrail_collector.store import Store

    with Store.open(tmp_path / "flowtrail.duckdb"):
        pass
    source = StoreSource(tmp_path / "flowtrail.duckdb")
    order = Order("lag", ("csv", "junit"), Window(None, None), "all")
    try:
        steps: list[str] = []
        made = reporting.make(order, source, "flowtrail-lag-now", steps.append, lambda: True)
    finally:
        source.close()
    assert [one.path.name for one in made] == ["flowtrail-lag-now.csv", "flowtrail-lag-now.xml"]
    assert steps[:2] == ["starting", "asking how complete the data is"]
    assert steps[-3:] == ["putting it together", "writing csv", "writing junit"]


def test_steps_are_drawn_with_their_times_and_counts_take_the_place_of_counts() -> None:
    """A step that goes on is one line."""
    job = Job(Order("lag", ("html",), Window(None, None), "all"), "", state=model.RUNNING)
    for place, text in enumerate(("starting", "asking: 1 of 2", "asking: 2 of 2", "drawing html")):
        job.step(text, START + place * SECOND)
    drawn = ["".join(part.text for part in one) for one in model.progress([job], START + 4 * SECOND, (80, 7))]
    assert drawn[1:] == ["   ✓ starting  1.00s", "   ✓ asking: 2 of 2  2.00s", "   ▸ drawing html  1.00s"]
    assert "4.00s" in drawn[0]


def test_sizes_are_told_in_units() -> None:
    """Sizes are those of people."""
    assert [model.size(one) for one in (312, 4_839_679, 2048)] == ["312 B", "4.6 MiB", "2.0 KiB"]


def test_where_there_is_a_desktop_its_opener_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desktop's opener gets the file; one that fails is said, with the path."""
    opener = tmp_path / "xdg-open"
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for code, said in ((0, "opened with xdg-open"), (3, "could not open it; the file is")):
        opener.write_text(f"#!/bin/sh\nexit {code}\n")
        opener.chmod(0o755)
        assert said in files.open_for_people(tmp_path / "flowtrail-lag.csv")


async def test_hostile_names_of_files_and_questions_are_inert() -> None:
    """A file's name is other people's text, too."""
    name = f"flowtrail-{HOSTILE[0].replace('/', '')}\u202e.csv"
    Path(name).write_text("x")  # noqa: ASYNC240 (a test waits for it)
    async with running(FakeSource(hostile=True)) as ft:
        await ft.press("5", "tab", "tab", "enter")
        assert not any(hidden in ft.text() for hidden in "\x1b\x07\u202e")
        assert "flowtrail-" in ft.text()
