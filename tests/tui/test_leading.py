"""From what is on screen to what it names: jumps, links into other tools, names that can be clicked."""

from pathlib import Path

import pytest

from flowtrail_tui.app import FlowtrailApp
from flowtrail_tui.model.jumps import Jump, jumps
from flowtrail_tui.opening import open_url, opener
from flowtrail_tui.overlays import Picker
from flowtrail_tui.preferences import Preferences, parse_preferences
from tests.tui.fake import FakeSource
from tests.tui.pilot import Driven, running

VIEWS = ("flows", "lag", "anomalies", "map", "ask", "flow")
LINKED = parse_preferences(
    '[open]\nkafka-ui = "http://ui/topics/{topic}/{partition}?offset={offset}"\ngrafana = "http://g/d?var-group={group}"',
    FlowtrailApp.actions(),
)


@pytest.fixture(autouse=True)
def _no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open nothing on the desktop of whoever runs the tests."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("flowtrail_tui.opening.sys.platform", "linux")
    monkeypatch.setattr("shutil.which", lambda _: None)


def where(found: list[Jump]) -> list[tuple[str, str]]:
    return [(one.view, one.about) for one in found]


def test_everything_that_is_named_can_be_gone_to() -> None:
    """Events first, then what several fields name together, then views with a filter; each place once."""
    named = [
        ("correlation_id", "ord-1"),
        ("topic", "orders"),
        ("partition", "3"),
        ("offset", "1042"),
        ("key", "a b"),
        ("message_id", "m-1"),
        ("message_id", "m-0"),
        ("group", "billing"),
        ("group", "two words"),
        ("group", "billing"),
        ("span_id", "00f0"),
        ("trace_id", ""),
    ]
    found = where(jumps(named, VIEWS))
    assert found[:4] == [("ask", "flow:ord-1"), ("flow", "flow:ord-1"), ("ask", "id:m-1"), ("ask", "id:m-0")]
    assert ("ask", "record:orders:3:1042") in found
    assert ("ask", "key:orders/a b") in found
    assert ("lag", "group:billing") in found
    assert ("lag", 'group:"two words"') in found
    assert ("map", "topic:orders") in found
    assert len(found) == len(set(found))
    assert {view for view, _ in where(jumps(named, ("lag",)))} == {"lag"}
    assert jumps([], VIEWS) == []


async def choose(ft: Driven, name: str, does: str) -> None:
    """Choose a row of the picker."""
    picker = ft.app.screen
    assert isinstance(picker, Picker)
    place = next(place for place, (one, what, _) in enumerate(picker._rows) if (one, what) == (name, does))
    await ft.press(*["j"] * place, "enter")


async def test_a_key_leads_to_what_a_row_names() -> None:
    """J offers all of it: the record of a flow's first event, and back again."""
    async with running() as ft:
        await ft.press("J")
        assert "flow ord-88213" in ft.text()
        assert "record orders.updated:6:184402" in ft.text()
        assert "topic orders.updated" in ft.text()
        await choose(ft, "record orders.updated:6:184402", "the event that stands there")
        assert "▸ record:orders.updated:6:184402" in ft.lines()[0]
        await ft.press("escape")
        assert "▸ Flows" in ft.lines()[0]


async def test_a_card_leads_to_its_groups() -> None:
    """From the verdict on an event to how far a group is behind."""
    async with running() as ft:
        await ft.press("enter", "J")
        assert "group billing" in ft.text()
        await choose(ft, "group ledger", "how far behind it is")
        assert "▸ Lag" in ft.lines()[0]
        assert "group:ledger" in ft.lines()[3]


async def test_a_group_leads_to_its_flows() -> None:
    """From the list of groups to the flows that one handles; `[` leads back."""
    async with running() as ft:
        await ft.press("2", "J")
        assert "the flows that it handles" in ft.text()
        await choose(ft, "group legacy-etl", "the flows that it handles")
        assert "group:legacy-etl" in ft.lines()[3]
        await ft.press("left_square_bracket")
        assert "▸ Lag" in ft.lines()[0]


async def test_nothing_selected_leads_nowhere() -> None:
    """An empty list says so."""
    async with running(FakeSource(flows_stored=0)) as ft:
        await ft.press("J")
        assert "nothing is selected here" in ft.lines()[-1]
        await ft.press("o")
        assert "[open]" in ft.lines()[-1]


async def click(ft: Driven, text: str) -> None:
    row = next(number for number, line in enumerate(ft.lines()) if text in line)
    await ft.pilot.click(offset=(ft.lines()[row].index(text) + 1, row))
    await ft.settle()


async def test_names_in_the_selected_row_can_be_clicked() -> None:
    """A first click selects a row, a click on a name in it leads there."""
    async with running() as ft:
        await click(ft, "orders.created:10:184399")
        assert "▸ Flows" in ft.lines()[0]
        await ft.pilot.pause(0.6)
        await click(ft, "orders.created:10:184399")
        assert "▸ record:orders.created:10:184399" in ft.lines()[0]


async def test_names_in_a_card_can_be_clicked() -> None:
    """The key of an event leads to the events of that key, a group to its lag."""
    async with running() as ft:
        await ft.press("colon")
        await ft.type("orders.updated:6:184402")
        await ft.press("enter")
        await click(ft, "   billing")
        assert "▸ Ask" in ft.lines()[0], "the blanks before a name lead nowhere"
        row = next(number for number, line in enumerate(ft.lines()) if "   search-index" in line)
        await ft.pilot.click(offset=(ft.lines()[row].index("search-index") + 1, row))
        await ft.settle()
        assert "▸ Lag" in ft.lines()[0]
        assert "group:search-index" in ft.lines()[3]


# Other tools.


async def test_a_link_is_filled_and_shown_where_there_is_no_desktop() -> None:
    """Of the links those are offered that the row can fill; without a desktop the URL is shown and copied."""
    async with running(chosen=LINKED, size=(160, 36)) as ft:
        await ft.press("o")
        assert "http://ui/topics/orders.updated/6?offset=184402" in ft.text()
        assert "grafana" not in ft.text()
        await ft.press("enter")
        for _ in range(100):
            await ft.pilot.pause(0.02)
            if "no desktop" in ft.lines()[-1]:
                break
        assert "http://ui/topics/orders.updated/6?offset=184402" in ft.lines()[-1]


async def test_a_link_that_does_not_fit_says_what_it_needs() -> None:
    """A flow has no group: the link names what is missing."""
    async with running(chosen=Preferences(open={"grafana": "http://g/{group}"})) as ft:
        await ft.press("o")
        assert "no link fits what is selected: grafana needs group" in ft.lines()[-1]
        await ft.press("2", "o")
        assert "http://g/legacy-etl" in ft.text()


async def test_without_links_it_says_how_to_make_one() -> None:
    """The footer names the file and what to write there."""
    async with running(chosen=Preferences(path="/etc/flowtrail/terminal.toml"), size=(160, 36)) as ft:
        await ft.press("o")
        assert "in /etc/flowtrail/terminal.toml write [open] and jaeger = " in ft.lines()[-1]


def test_who_opens_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desktop's own command, only where there is a desktop, and not that of a machine far away."""
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert opener({"DISPLAY": ":0"}, "linux") == "/bin/xdg-open"
    assert opener({"WAYLAND_DISPLAY": "w"}, "linux") == "/bin/xdg-open"
    assert opener({}, "linux") is None
    assert opener({}, "darwin") == "/bin/open"
    assert opener({"DISPLAY": ":10", "SSH_CONNECTION": "1 2 3 4"}, "linux") is None


def test_the_link_is_handed_over_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell reads it; a command that fails leaves it to the clipboard."""
    kept = tmp_path / "kept"
    tool = tmp_path / "xdg-open"
    tool.write_text(f'#!/bin/sh\nprintf %s "$1" > {kept}\n')
    tool.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(tool))
    url = "http://h/a?b=$(id)&c='"
    assert open_url(url, {"DISPLAY": ":0"})
    assert kept.read_text() == url
    tool.write_text("#!/bin/sh\nexit 3\n")
    assert not open_url(url, {"DISPLAY": ":0"})
