"""Bytes in a real pseudo-terminal: nothing hostile acts, in no screen; keys and exits work as in a terminal."""

import time
import unicodedata

import pytest

from tests.tui.terminal import Terminal, drawn

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def assert_inert(text: str) -> None:
    """Hold that the output is drawing and nothing else: no character of the data acts, hides or reorders."""
    left = {char for char in drawn(text) if unicodedata.category(char) in HIDDEN} - {"\r", "\n"}
    assert left == set()
    assert "\x1b]52" not in text
    assert "\x1b]0" not in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize(
    ("env", "rows"), [({}, 10), ({"NO_COLOR": "1"}, 2), ({"FLOWTRAIL_THEME": "light"}, 2), ({"LC_ALL": "C"}, 2)]
)
def test_hostile_data_is_inert_on_every_screen(env: dict[str, str], rows: int) -> None:
    """Escapes, OSC 52, C1, markup, bidi, zero-width, wide text, NUL and surrogates in every name, on every screen."""
    with Terminal("hostile=True", env=env) as terminal:
        terminal.read(lambda text: "VERDICT" in text)
        terminal.read()
        for _ in range(rows):
            terminal.press("j")
            terminal.press("\r")  # ask
            terminal.press("E")
            terminal.press("\x1b")
        terminal.press("y")
        terminal.press("\x1b")
        terminal.press("2")
        terminal.press("jy")
        terminal.press("\x1b")
        terminal.press("4")
        terminal.press("llvjy")
        terminal.press("\x1b")
        terminal.press("3")
        for _ in range(min(rows, 5)):
            terminal.press("jA\r")  # its findings
            terminal.press("y")
            terminal.press("\x1b")
            terminal.press("\x1b")
        terminal.press("n\x1b[200~\x1b]52;c;cm0=\x07\x9b31m\u202e\x1b[201~\r")  # a paste into a note
        terminal.press("2")
        terminal.press("/\x1b[200~\x1b]52;c;cm0=\x07\x9b31m\u202e\x1b[201~")  # a paste
        terminal.press("\r")
        terminal.press("\x1b")
        terminal.press(":\x1b[200~exe\u202e\x00\x9d0;x\x07\x1b[201~\r")
        terminal.press("?")
        assert_inert(terminal.text)
        assert "[@click=app.qui" in terminal.text


def test_nothing_but_ascii_where_only_ascii_is_shown() -> None:
    """In a locale that is not UTF-8 every glyph has an ASCII stand-in."""
    with Terminal(env={"LC_ALL": "C"}) as terminal:
        terminal.read(lambda text: "VERDICT" in text)
        terminal.press("j\r")
        terminal.press("2")
        terminal.press("4")
        terminal.press("llv")
        assert drawn(terminal.text).isascii()


def test_no_colour_means_none() -> None:
    """With NO_COLOR no colour is set but the terminal's own."""
    with Terminal(env={"NO_COLOR": "1"}) as terminal:
        terminal.read(lambda text: "VERDICT" in text)
        terminal.press("j")
        assert "38;2;" not in terminal.text
        assert "38;5;" not in terminal.text
        assert not any(f"\x1b[{code}m" in terminal.text or f";{code};" in terminal.text for code in range(31, 37))


def test_ctrl_c_does_not_quit_and_q_does() -> None:
    """The child outlives ctrl+c, says so, and ends with 0 after q."""
    with Terminal() as terminal:
        terminal.read(lambda text: "VERDICT" in text)
        assert "q does" in terminal.press("\x03")
        assert terminal.wait_for_end(0.2) is None
        terminal.write("q")
        assert terminal.wait_for_end(10) == 0


def test_quits_while_a_question_hangs() -> None:
    """A source that does not answer for a minute keeps nobody from leaving."""
    with Terminal("latency_s=60.0") as terminal:
        terminal.read(lambda text: "VERDICT" in text)
        terminal.write("q")
        started = time.monotonic()
        assert terminal.wait_for_end(10) == 0
        assert time.monotonic() - started < 5


def test_keys_stay_alive_while_questions_are_slow() -> None:
    """With a second of latency the screen still answers keys."""
    with Terminal("latency_s=1.0") as terminal:
        terminal.read(lambda text: "ord-" in text)
        assert "Time range" in terminal.press("t")


def test_restores_the_terminal() -> None:
    """The alternate screen, the mouse and the cursor are given back."""
    with Terminal() as terminal:
        terminal.read(lambda text: "VERDICT" in text)
        terminal.write("q")
        assert terminal.wait_for_end(10) == 0
        terminal.read(timeout_s=1)
        assert "\x1b[?1049l" in terminal.text
        assert "\x1b[?1000l" in terminal.text
        assert "\x1b[?25h" in terminal.text
