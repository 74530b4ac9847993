"""What happens to a terminal besides keys: sizes change, shells take over, signals come, windows close."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal

FRESH = {"7", "25"}
"""Modes of a terminal as a shell leaves it: lines wrap, the cursor shows."""


def assert_given_back(terminal: Terminal) -> None:
    """Hold that screen, cursor, mouse, paste and keyboard are the shell's again."""
    terminal.read(timeout_s=1)
    assert terminal.screen.modes == FRESH
    assert terminal.screen.keyboard == 0


def shown(terminal: Terminal) -> None:
    """Wait for the first rows."""
    terminal.wait_for(lambda screen: "ord-" in screen.text)
    terminal.read()


def test_sizes_that_change_at_any_moment_leave_a_whole_screen() -> None:
    """Random sizes, some too small, while keys are typed: in the end the screen is as if it had always been so."""
    dice = random.Random(11)  # noqa: S311 (seeded on purpose)
    with Terminal("hostile=True") as terminal:
        terminal.wait_for(lambda screen: "VERDICT" in screen.text)
        for _ in range(25):
            terminal.resize(dice.choice((120, 80, 60, 59, 200, 7)), dice.choice((36, 24, 15, 14, 50, 2)))
            terminal.write(dice.choice(("j", "2", "1", "\x1b[6~", "l", "\r", "?", "\x1b")))
            terminal.take(dice.random() / 10)
        terminal.press("\x1b")
        for key in ("2", "1"):
            terminal.press(key)
        terminal.resize(120, 36)
        terminal.read()
        assert terminal.screen.strange == []
        assert terminal.screen.lines[0].startswith(" flowtrail ▸ Flows ")
        assert terminal.screen.lines[2] == "─" * 120
        assert "VERDICT" in terminal.screen.lines[4]
        assert " quit" in terminal.screen.lines[35]


def test_what_is_typed_while_the_size_changes_arrives() -> None:
    """Letters typed through resizes, also through one too small to show them, stand in the input in their order."""
    with Terminal() as terminal:
        shown(terminal)
        terminal.press("/")
        for place, letter in enumerate("abcdefghij"):
            terminal.resize(*((100, 30), (60, 15), (120, 36))[place % 3])
            terminal.write(letter)
            terminal.take(0.02)
        terminal.resize(120, 36)
        terminal.read()
        assert " / abcdefghij " in terminal.screen.text


def test_below_the_least_size_one_line_is_left_and_all_comes_back() -> None:
    """59 columns or 14 rows say what is needed; 60x15 shows rows."""
    with Terminal(size=(60, 15)) as terminal:
        shown(terminal)
        for size in ((59, 15), (60, 14), (20, 3)):
            terminal.resize(*size)
            terminal.read()
            assert "ord-" not in terminal.screen.text
            assert "flowtrail" in terminal.screen.text
        terminal.resize(60, 15)
        terminal.read()
        assert "ord-" in terminal.screen.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    """The terminal is given back, and the exit code names the signal."""
    with Terminal() as terminal:
        shown(terminal)
        os.kill(terminal.pid, number)
        assert terminal.wait_for_end(10) == 128 + number
        assert_given_back(terminal)


def test_a_closed_window_ends_it() -> None:
    """Nobody is left to type: the process ends by itself."""
    with Terminal() as terminal:
        shown(terminal)
        terminal.hang_up()
        assert terminal.wait_for_end(10) is not None


def test_suspends_to_the_shell_and_comes_back() -> None:
    """ctrl+z gives the terminal back and stops; fg draws everything anew, at the size there is then."""
    with Terminal() as terminal:
        shown(terminal)
        terminal.write("\x1a")
        until(lambda: _state(terminal.pid) == "T")
        assert_given_back(terminal)
        terminal.resize(100, 30)
        os.kill(terminal.pid, signal.SIGCONT)
        shown(terminal)
        assert "1049" in terminal.screen.modes
        assert terminal.screen.lines[2] == "─" * 100
        terminal.press("j")
        assert terminal.screen.lines[6].startswith("▌")
        terminal.write("q")
        assert terminal.wait_for_end(10) == 0
        assert_given_back(terminal)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def until(holds: object, seconds: float = 10.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "dumb"},
        {"TERM": "vt100", "COLORTERM": ""},
        {"TERM": "screen", "COLORTERM": "", "TMUX": "socket,1,0"},
        {"TERM": "no-such-terminal"},
        {"NO_COLOR": "1"},
        {"LC_ALL": "C"},
        {"LANG": "", "LC_ALL": "POSIX", "PYTHONUTF8": "0"},
        {"FLOWTRAIL_THEME": "ansi"},
        {"FLOWTRAIL_THEME": "no-such-theme"},
    ],
    ids=str,
)
def test_starts_in_any_surroundings(env: dict[str, str]) -> None:
    """Whatever the terminal calls itself, the first screen shows, keys work, and all is given back."""
    with Terminal(env=env) as terminal:
        shown(terminal)
        terminal.press("2")
        assert "Lag" in terminal.screen.lines[0]
        assert terminal.screen.strange == []
        terminal.write("q")
        assert terminal.wait_for_end(10) == 0
        assert_given_back(terminal)


@pytest.mark.parametrize(("leading", "typed"), [("/", "key:ord-88213"), (":", "flow:ord-88213 2jkq")])
def test_what_is_typed_right_behind_a_key_goes_where_the_key_leads(leading: str, typed: str) -> None:
    """A question sent in one go, as a script or a fast hand does: no letter acts as a key of the view before."""
    with Terminal() as terminal:
        shown(terminal)
        terminal.press(leading + typed)
        assert f" {leading} {typed} " in terminal.screen.text
