"""The program in a real pseudo-terminal: colours, keys and exits work as in a terminal. Hostile data: test_bytes."""

import time

from tests.tui.terminal import Terminal, drawn


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
