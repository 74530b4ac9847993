"""terminal.toml: keys, links and looks of a person's own, and what is said of slips."""

from pathlib import Path
from typing import Any

import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_tui.app import FlowtrailApp
from flowtrail_tui.keymap import Keymap, normal, written
from flowtrail_tui.preferences import FIELDS, Preferences, fill, parse_preferences, preferences
from tests.tui.pilot import running

ACTIONS = FlowtrailApp.actions()
GOOD = """\
[keys]
ask = ";"
down = ["n", "down"]
resume = "G"

[open]
jaeger = "http://localhost:16686/trace/{trace_id}"

[screen]
theme = "light"
ascii = true
window = "2h"
refresh = "500ms"
"""


def parsed(text: str) -> Preferences:
    return parse_preferences(text, ACTIONS)


def test_reads_what_a_person_chose() -> None:
    """Every section is read; keys are kept by their names in the toolkit."""
    chosen = parsed(GOOD)
    assert chosen.keys == {"ask": ("semicolon",), "down": ("n", "down"), "resume": ("G",)}
    assert chosen.open == {"jaeger": "http://localhost:16686/trace/{trace_id}"}
    assert (chosen.theme, chosen.ascii_only, chosen.window, chosen.refresh_s) == ("light", True, "2h", 0.5)
    assert parsed("") == Preferences()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[kyes]\n", "line 1: kyes: unknown section; did you mean 'keys'?"),
        ("keys = 3", "line 1: keys: expected a section [keys]"),
        ('[keys]\nask = ";"\nfliter = "f"', "line 3: keys.fliter: unknown action; did you mean 'filter'?"),
        ("[keys]\nask = 3", "line 2: keys.ask: 3 is no key; expected a character"),
        ('[keys]\nask = [";",\n "ctlr+f"]', "line 3: keys.ask: 'ctlr+f' is no key"),
        ("[keys]\nask = []", "line 2: keys.ask: expected a key, or a list"),
        ('[keys]\nask = "/"', "line 2: keys.ask: '/' is given twice: it does filter; give filter another key"),
        ('[keys]\nask = "z"\nfilter = "z"', "line 3: keys.filter: 'z' is given twice: it does ask"),
        ('[keys]\nask = ["z", "z"]', "line 2: keys.ask: 'z' is given twice"),
        ('[keys]\nquit = "ctrl+c"', "line 2: keys.quit: ctrl+c says how to quit"),
        ("[open]\nx = 1", "line 2: open.x: expected a URL such as"),
        ('[open]\nx = "file:///etc/{key}"', "only http and https are opened"),
        ('[open]\nx = "http://{service}/"', "the host is not taken from the data"),
        ('[open]\nx = "http://h/{trace}"', "line 2: open.x.trace: unknown field; did you mean 'trace_id'?"),
        ('[open]\nx = "http://h/{key!r}"', "{key} stands alone in its braces"),
        ('[open]\nx = "http://h/{key"', "line 2: open.x: expected a URL"),
        ('[screen]\ntheme = "pink"', "line 2: screen.theme: expected one of dark, light, ansi, not 'pink'"),
        ('[screen]\nascii = "yes"', "line 2: screen.ascii: expected true or false"),
        ('[screen]\nwindow = "long"', 'line 2: screen.window: expected a length of time such as "15m"'),
        ('[screen]\nrefresh = "1ms"', 'line 2: screen.refresh: expected from "250ms" to "1h"'),
        ("[screen]\nwindows = 3", "line 2: screen.windows: unknown key; did you mean 'window'?"),
        ("[keys\n", "line 1: not TOML"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, said: str) -> None:
    """A slip names file, line and key, what was expected, and the nearest right one."""
    with pytest.raises(UsageError) as slip:
        parsed(text)
    assert said in str(slip.value)
    assert str(slip.value).startswith("terminal.toml, line ")


def test_swapped_keys_are_no_slip() -> None:
    """What gives its key away may have another's."""
    assert parsed('[keys]\nask = "/"\nfilter = ":"').keys == {"ask": ("slash",), "filter": ("colon",)}


def test_a_file_with_a_slip_leaves_the_defaults(tmp_path: Path) -> None:
    """Nothing of such a file is in force, and what is wrong is told."""
    file = tmp_path / "terminal.toml"
    file.write_text('[screen]\ntheme = "light"\n[keys]\nakk = "z"\n')
    chosen = preferences({"FLOWTRAIL_TERMINAL_CONFIG": str(file)}, ACTIONS)
    assert (chosen.theme, dict(chosen.keys)) == (None, {})
    assert f"{file}, line 4: keys.akk: unknown action; did you mean 'ask'?" in chosen.slip


def test_where_it_is_looked_for(tmp_path: Path) -> None:
    """The variable names a file, or with nothing none; else the folder for settings is looked into."""
    file = tmp_path / "flowtrail" / "terminal.toml"
    file.parent.mkdir()
    file.write_text('[screen]\ntheme = "light"\n')
    assert preferences({"XDG_CONFIG_HOME": str(tmp_path)}, ACTIONS).theme == "light"
    assert preferences({"XDG_CONFIG_HOME": str(tmp_path), "FLOWTRAIL_TERMINAL_CONFIG": ""}, ACTIONS) == Preferences()
    assert preferences({"HOME": str(tmp_path)}, ACTIONS).slip == ""
    missing = {"FLOWTRAIL_TERMINAL_CONFIG": str(tmp_path / "none.toml")}
    assert "can not be read" in preferences(missing, ACTIONS).slip


def test_links_quote_what_they_are_filled_with() -> None:
    """Values can not leave their place in a URL; a row that lacks one has no link."""
    template = "http://h/t/{topic}?key={key}"
    assert fill(template, {"topic": "a/b", "key": "x&y=z #\n\ud800"}) == "http://h/t/a%2Fb?key=x%26y%3Dz%20%23%0A%3F"
    assert fill(template, {"topic": "a", "key": ""}) is None
    assert fill("http://h/", {}) == "http://h/"


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        (":", "colon", ":"),
        ("G", "G", "G"),
        ("esc", "escape", "esc"),
        ("ctrl+]", "ctrl+right_square_bracket", "ctrl+]"),
        ("pgdn", "pagedown", "pgdn"),
        ("space", "space", "space"),
        ("f5", "f5", "f5"),
        ("-", "minus", "-"),
        (" ", None, ""),
        ("f25", None, ""),
        ("\x1b", None, ""),
        ("super", None, ""),
    ],
)
def test_names_of_keys(text: str, name: str | None, shown: str) -> None:
    """A key is written as on screen and known by the toolkit's name; what is none is refused."""
    assert normal(text) == name
    if name is not None:
        assert written(name) == shown


def test_keys_are_written_as_they_are_called_here() -> None:
    """Texts name default keys; what is drawn names the chosen ones, each by the action it stands beside."""
    keymap = Keymap(ACTIONS, {"ask": ("semicolon",), "down": ("n",), "last": ("L", "end"), "time-range": ("f2",)})
    assert keymap.spell(":") == ";"
    assert keymap.spell("j/k") == "n/k"
    assert keymap.spell("j k ↓ ↑") == "n k ↑"
    assert keymap.spell("G end") == "L end"
    assert keymap.spell("G") == "G", "in a list it is another action than in the live one"
    assert keymap.spell("G", "app.resume") == "G"
    assert keymap.spell("t", "app.time_range") == "f2"
    assert keymap.press("end") == "L"
    assert keymap.press("t") == "f2"
    keymap.own = frozenset({"t"})
    assert keymap.spell("t") == "t"
    assert keymap.spell("t", anywhere=True) == "f2"
    assert keymap.press("t") == "t"


def test_every_key_of_the_application_and_its_lists_can_be_another() -> None:
    """No binding lacks a name, but the one that says how to quit; names are given once."""
    from flowtrail_tui.widgets.virtual import VirtualList

    nameless = [one for one in (*FlowtrailApp.BINDINGS, *VirtualList.BINDINGS) if not getattr(one, "id", None)]
    assert [getattr(one, "key", "") for one in nameless] == ["ctrl+c"]
    names = [one.name for one in ACTIONS]
    assert len(names) == len(set(names))


async def test_chosen_keys_act_and_are_shown() -> None:
    """Another key does it, the former one does not; footer, notices and help name the new one."""
    chosen = parsed('[keys]\ntime-range = "f2"\nhelp = "f1"\ndown = "n"\nresume = "f9"\nclear-filter = "c"')
    async with running(chosen=chosen) as ft:
        assert "f2 time" in ft.lines()[-1]
        assert "f1 help" in ft.lines()[-1]
        await ft.press("t")
        assert "Time range" not in ft.text()
        await ft.press("f2")
        assert "Time range" in ft.text()
        await ft.press("escape", "n")
        assert "2 of " in ft.text()
        assert "f9 resume" in ft.text()
        await ft.press("slash", *"qqq", "enter")
        assert " c  clear the filter" in ft.text()
        await ft.press("f1")
        assert "f2              choose the time range: back from now" in ft.text()
        await ft.press(*"f9")
        assert "resume: follow" in ft.text()
        assert "choose the time range:" not in ft.text()


async def test_a_slip_is_told_and_nothing_else_changes() -> None:
    """The footer and the help say what is wrong; the keys are the usual ones."""
    async with running(chosen=Preferences(slip="terminal.toml, line 3: keys.akk: unknown action")) as ft:
        assert "line 3: keys.akk" in ft.lines()[-1]
        await ft.press("question_mark")
        assert "line 3: keys.akk" in ft.text()


async def test_the_time_range_and_the_pace_can_be_chosen() -> None:
    """The first window is as long as preferred, and questions come as often as preferred."""
    async with running(chosen=Preferences(window="2h", refresh_s=10.0)) as ft:
        assert "window 2h" in ft.lines()[0]
        ft.source.asked.clear()
        await ft.wait(2)
        assert [what for what, _ in ft.source.asked if what == "flows"] == []
        await ft.wait(9)
        assert [what for what, _ in ft.source.asked if what == "flows"] == ["flows"]


@pytest.mark.parametrize(("chosen", "environ", "theme"), [("light", {}, "light"), ("light", {"NO_COLOR": "1"}, "ansi")])
def test_the_look_that_is_preferred(chosen: str, environ: dict[str, Any], theme: str) -> None:
    """The preferred theme holds unless the surroundings ask for another."""
    from flowtrail_tui.settings import settings

    assert settings({"TERM": "xterm-256color", "LANG": "C.UTF-8", **environ}, chosen).theme == theme
    assert settings({"LANG": "C.UTF-8", "TERM": "xterm-256color", "FLOWTRAIL_THEME": "ansi"}, chosen).theme == "ansi"
    assert settings({"LANG": "C.UTF-8", "TERM": "xterm"}, ascii_only=True).ascii_only


def test_the_guide_names_every_action_and_field() -> None:
    """Whoever writes the file finds each name there, and its example is one without a slip."""
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    guide = page[page.index("## Your terminal") :]
    names = [one.name for one in ACTIONS if not one.name.startswith("view-")]
    assert [name for name in names if f"`{name}`" not in guide] == []
    assert [name for name in FIELDS if f"`{{{name}}}`" not in guide] == []
    example = guide[guide.index("```toml") + 7 :]
    assert parsed(example[: example.index("```")]).window == "1h"
