"""`flowtrail tui` on a real collector that goes away and comes back, in a real terminal."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.cli.test_collect import Collecting, collecting
from tests.tui.terminal import Terminal

__all__ = ["collecting"]

LAG = "✓ ok"
PROGRAM = (sys.executable, "-c", "import sys; from flowtrail_tui.cli import main; sys.exit(main())", "tui")


def test_a_collector_goes_away_and_comes_back(
    collecting: Callable[..., Collecting],
    store: Path,
    tmp_path: Path,
) -> None:
    """Killed: a banner counts down, the lag is `?`, the rows stay. Started anew: live again, by itself."""
    first = collecting("--store", str(store))
    url = first.url()
    state = tmp_path / "state"
    with Terminal(url, command=PROGRAM, env={"FLOWTRAIL_STATE": str(state)}) as terminal:
        assert "● live" in terminal.read(lambda text: "● live" in text)
        terminal.press("w")
        terminal.write("2")
        assert LAG in terminal.read(lambda text: LAG in text)
        first.end(signal.SIGKILL)
        gone = terminal.read(lambda text: "retry in" in text and "? unknown" in text)
        assert "data as of" in gone
        assert "? unknown" in gone
        second = collecting("--store", str(store), "--http", f"127.0.0.1:{urlsplit(url).port}")
        assert second.url() == url
        back = terminal.read(lambda text: "● live" in text and LAG in text, timeout_s=40)
        assert "● live" in back
        assert LAG in back, "the lag is known again"
        terminal.write("q")
        assert terminal.wait_for_end(10) == 0
        assert second.end() == 0
    assert len(list(state.glob("*.json"))) == 1
    with Terminal(str(store), command=PROGRAM, env={"FLOWTRAIL_STATE": str(state)}) as terminal:
        assert "REPLAY" in terminal.read(lambda text: "REPLAY" in text)


def test_a_broken_file_of_preferences_is_told(store: Path, tmp_path: Path) -> None:
    """The interface starts with its defaults and names the line."""
    file = tmp_path / "terminal.toml"
    file.write_text('[keys]\nqiut = "x"\n')
    with Terminal(str(store), command=PROGRAM, env={"FLOWTRAIL_TERMINAL_CONFIG": str(file)}) as terminal:
        assert "line 2: keys.qiut" in terminal.read(lambda text: "line 2: keys.qiut" in text)
        terminal.write("q")
        assert terminal.wait_for_end(10) == 0


def test_leaving_while_a_file_is_read(store: Path) -> None:
    """Whoever quits before the first answer leaves as always: the process is not aborted inside the store."""
    for _ in range(3):
        with Terminal(str(store), command=PROGRAM) as terminal:
            terminal.read(lambda text: "REPLAY" in text or "connecting" in text)
            terminal.write("q")
            assert terminal.wait_for_end(10) == 0
