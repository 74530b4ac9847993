"""What is kept between two sittings at a source, and that nothing in such a file can do harm."""

import json
import stat
from pathlib import Path

import pytest

from flowtrail_tui.app import FlowtrailApp
from flowtrail_tui.model import window as ranges
from flowtrail_tui.remembered import MOST_BYTES, MOST_ENTRIES, Memory, Saved, Store, state_folder
from flowtrail_tui.sitting import Sitting
from tests.tui.fake import SECOND, FakeSource
from tests.tui.pilot import running

SOURCE = "http://prod-eu:8765"


def sitting(folder: Path, *, fresh: bool = False) -> Sitting:
    return Sitting(Store(folder, SOURCE), fresh=fresh)


def file_of(folder: Path) -> Path:
    (found,) = folder.glob("*.json")
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A memory comes back whole, from a file that only its owner may read, and one per source."""
    memory = Memory("lag", "1h", {"lag": "group:b"}, {"lag": "lag"}, ["ord-1\x1b\ud800"], ["topic:x"])
    memory.save(Saved("mine", "flows", "verdict:!ok", "15m", ""))
    folder = tmp_path / "state"
    assert Store(folder, SOURCE).write(memory) == ""
    assert Store(folder, SOURCE).read() == (memory, "")
    assert Store(folder, "http://other:1").read() == (Memory(), "")
    assert stat.S_IMODE(file_of(folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [one.name for one in folder.iterdir()] == [file_of(folder).name], "no half-written file is left"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"schema": "other/1"}', b"\xff\xfe", b"[" * 100_000, b" " * (MOST_BYTES + 1)],
)
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    """It is told, and the next sitting writes a good one."""
    Store(tmp_path, SOURCE).write(Memory())
    file_of(tmp_path).write_bytes(content)
    memory, said = Store(tmp_path, SOURCE).read()
    assert memory == Memory()
    assert "can not be used" in said
    Store(tmp_path, SOURCE).write(Memory("lag"))
    assert Store(tmp_path, SOURCE).read() == (Memory("lag"), "")


def test_what_is_not_of_the_form_is_left_out(tmp_path: Path) -> None:
    """Somebody else's file of the right name brings nothing that the screens would trip over."""
    Store(tmp_path, SOURCE).write(Memory())
    strange = {"view": 3, "range": ["x"], "abouts": [], "sorts": {"lag": 4}, "questions": "abc", "filters": [1, "f"]}
    saved = [3, {"name": "x"}, {"name": "n", "view": "flows", "about": 5}]
    file_of(tmp_path).write_text(json.dumps({"schema": "flowtrail.terminal/1", **strange, "saved": saved}))
    memory, said = Store(tmp_path, SOURCE).read()
    assert said == ""
    assert memory == Memory(filters=["f"], saved=[Saved("n", "flows", "")])


def test_it_is_bounded() -> None:
    """The oldest go, what is repeated stands once, what is too long is not kept."""
    memory = Memory()
    for number in range(MOST_ENTRIES + 5):
        memory.asked(f"ord-{number}")
    memory.asked("ord-100")
    memory.asked("x" * 3000)
    assert len(memory.questions) == MOST_ENTRIES
    assert memory.questions[-1] == "ord-100"
    assert memory.questions.count("ord-100") == 1


def test_two_sittings_at_once_keep_both_their_views(tmp_path: Path) -> None:
    """What another one saved meanwhile stays; what is forgotten here does not come back."""
    one, other = Store(tmp_path, SOURCE), Store(tmp_path, SOURCE)
    mine, theirs = Memory(), Memory()
    mine.save(Saved("mine", "flows"))
    theirs.save(Saved("theirs", "lag"))
    one.write(mine)
    other.write(theirs)
    assert [view.name for view in other.read()[0].saved] == ["mine", "theirs"]
    one.forget("theirs")
    one.write(mine)
    assert [view.name for view in one.read()[0].saved] == ["mine"]


def test_where_it_is_kept(tmp_path: Path) -> None:
    """The variable names a folder or switches it off; else it is flowtrail's in the folder for state."""
    assert state_folder({"FLOWTRAIL_STATE": ""}) is None
    assert state_folder({"FLOWTRAIL_STATE": str(tmp_path)}) == tmp_path
    assert state_folder({"XDG_STATE_HOME": "/x"}) == Path("/x/flowtrail")
    assert state_folder({"HOME": "/h"}) == Path("/h/.local/state/flowtrail")
    assert state_folder({}) is None


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    """Nothing is raised into a screen."""
    (tmp_path / "file").write_text("")
    assert "can not be written" in Store(tmp_path / "file", SOURCE).write(Memory())


@pytest.mark.parametrize("text", ["15m", "all", "90m", "1h//2026-03-01T12:04:30.000000000Z"])
def test_ranges_come_back_as_they_were(text: str) -> None:
    """What is written of a time range reads as the same one."""
    assert ranges.read(text).text == text


@pytest.mark.parametrize("text", ["", "x", "15m/1", "15m/a/b", "1/2/3/4"])
def test_what_is_no_range_is_the_default(text: str) -> None:
    """A strange text is the default range."""
    assert ranges.read(text) == ranges.DEFAULT


async def test_a_sitting_begins_where_the_last_one_ended(tmp_path: Path) -> None:
    """View, filters and range are as they were left; the arrow brings the former question."""
    async with running(sitting=sitting(tmp_path)) as ft:
        await ft.press("slash", *"verdict", "colon", *"failed", "enter", "t", "4", "colon")
        await ft.type("ord-88213")
        await ft.press("enter", "2", "q")
        ft.app.sitting.store.write(ft.app.sitting.memory)
    async with running(sitting=sitting(tmp_path)) as ft:
        assert "▸ Lag" in ft.lines()[0]
        assert "window 1h" in ft.lines()[0]
        await ft.press("1")
        assert "verdict:failed" in ft.lines()[3]
        assert all("✓ ok" not in line for line in ft.lines())
        await ft.press("colon", "up")
        assert ": ord-88213" in ft.text()


async def test_a_question_is_asked_again(tmp_path: Path) -> None:
    """Whoever left with an answer on screen finds it again."""
    async with running(sitting=sitting(tmp_path)) as ft:
        await ft.press("colon")
        await ft.type("ord-88213")
        await ft.press("enter", "q")
        ft.app.sitting.store.write(ft.app.sitting.memory)
    async with running(sitting=sitting(tmp_path)) as ft:
        assert "▸ Ask ▸ ord-88213" in ft.lines()[0]
        assert "VERDICT" in ft.text()


async def test_fresh_begins_as_for_the_first_time(tmp_path: Path) -> None:
    """With --fresh the first view shows everything; the questions asked are still at hand."""
    Store(tmp_path, SOURCE).write(Memory("lag", "1h", {"flows": "verdict:failed"}, {}, ["ord-88213"]))
    async with running(sitting=sitting(tmp_path, fresh=True)) as ft:
        assert "▸ Flows" in ft.lines()[0]
        assert "window 15m" in ft.lines()[0]
        assert "verdict" not in ft.lines()[3]
        await ft.press("colon", "up")
        assert ": ord-88213" in ft.text()


async def test_a_view_with_a_name_is_found_again(tmp_path: Path) -> None:
    """ctrl+s keeps filter and range under a name; ctrl+o and the palette lead back, also in the next sitting."""
    async with running(sitting=sitting(tmp_path)) as ft:
        await ft.press("slash", *"verdict", "colon", *"failed", "enter", "t", "4", "ctrl+s")
        assert "a name, such as" in ft.text()
        await ft.press("enter")
        await ft.type("my failures")
        await ft.press("enter")
        assert "saved as my failures" in ft.lines()[-1]
        ft.app.sitting.store.write(ft.app.sitting.memory)
    async with running(sitting=sitting(tmp_path, fresh=True)) as ft:
        await ft.press("2", "ctrl+o")
        assert "Flows · verdict:failed · 1h" in ft.text()
        await ft.press("1")
        assert "verdict:failed" in ft.lines()[3]
        assert "window 1h" in ft.lines()[0]
        names = [one.title for one in ft.app.get_system_commands(ft.app.screen)]
        assert "View: my failures" in names
        forget = next(one for one in ft.app.get_system_commands(ft.app.screen) if one.title.startswith("Forget"))
        forget.callback()
        await ft.press("ctrl+o")
        assert "nothing is saved yet" in ft.lines()[-1]


async def test_what_is_remembered_is_written_now_and_then(tmp_path: Path) -> None:
    """A screen that is killed loses seconds, not its sitting."""
    import threading

    async with running(sitting=sitting(tmp_path)) as ft:
        await ft.press("2")
        await ft.wait(11)
        for thread in threading.enumerate():
            if thread.name == "remember":
                thread.join(5)
        assert Store(tmp_path, SOURCE).read()[0].view == "lag"


async def test_a_broken_file_is_told_on_screen(tmp_path: Path) -> None:
    """The footer says that nothing is remembered; the screen starts."""
    Store(tmp_path, SOURCE).write(Memory())
    file_of(tmp_path).write_text("{")
    source = FakeSource()
    app = FlowtrailApp(source, now=lambda: source.now_ns + SECOND, sitting=sitting(tmp_path))
    async with app.run_test(size=(200, 36)) as pilot:
        await pilot.pause()
        assert "can not be used" in app.screen._compositor.render_strips()[-1].text
