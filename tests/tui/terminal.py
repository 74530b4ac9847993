"""A program in a real pseudo-terminal: what it writes, byte for byte, what that looks like, and when it came."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.tui.screen import Screen

ROOT = Path(__file__).parents[2]
FLOWTRAIL = (sys.executable, "-c", "import sys; from flowtrail_tui.cli import main; sys.exit(main())")
"""The command `flowtrail`, without a shell or a script in between."""
_ENV = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")}
_ENV["PYTHONPATH"] = str(ROOT)
_ENV |= {"FLOWTRAIL_TERMINAL_CONFIG": "", "FLOWTRAIL_STATE": ""}

TOOLKIT_OSC = re.compile(r"\x1b\]22;[a-z]+\x07")
"""The one OSC that Textual writes: the pointer's shape."""
SEQUENCE = re.compile(r"\x1b\[[0-9;:?<>=$]*[A-Za-z]|\x1b\[\?\d+\$p")


class Terminal:
    """A child process on a pseudo-terminal of a given size; every byte it wrote is kept in `output`."""

    def __init__(
        self,
        *arguments: str,
        command: Sequence[str] | None = None,
        size: tuple[int, int] = (120, 36),
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start `python -m tests.tui.fake_app` with these arguments, or another `command`."""
        command = [*(command or (sys.executable, "-m", "tests.tui.fake_app")), *arguments]
        self.output = b""
        self.screen = Screen(*size)
        self.started = self.heard = time.monotonic()
        self._code: int | None = None
        self._folder = tempfile.TemporaryDirectory()  # where it may leave reports and exports
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child: nothing but exec
            os.chdir(self._folder.name)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execve(command[0], command, {**_ENV, **(env or {})})  # noqa: S606 (a command of ours)
        self.resize(*size)

    def __enter__(self) -> "Terminal":
        """Return itself."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Kill what still runs."""
        if self.wait_for_end(0) is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)
        self._folder.cleanup()

    @property
    def text(self) -> str:
        """What was written so far, decoded."""
        return self.output.decode("utf-8", "replace")

    def resize(self, width: int, height: int) -> None:
        """Change the size; the kernel tells the child."""
        self.screen.resize(width, height)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal, as a person closes its window."""
        os.close(self.fd)
        self.fd = -1

    def write(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode("utf-8", "surrogateescape"))

    def take(self, timeout_s: float) -> bool:
        """Take what comes within the time, and show it; False where nothing came, or the child has ended."""
        if self.fd < 0 or not select.select([self.fd], [], [], max(0.0, timeout_s))[0]:
            return False
        try:
            chunk = os.read(self.fd, 65_536)
        except OSError:  # Linux's way to say that the other end is closed
            return False
        self.heard = time.monotonic()
        self.output += chunk
        self.screen.feed(chunk)
        return bool(chunk)

    def read(self, until: Callable[[str], bool] | None = None, timeout_s: float = 20.0, quiet_s: float = 0.15) -> str:
        """Read until `until` holds for what was written since now, or, without it, until nothing comes for a while."""
        start = len(self.output)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            came = self.take(0.02 if until else quiet_s)
            if not came and (until is None or self.wait_for_end(0) is not None):
                break
            if until is not None and until(self.output[start:].decode("utf-8", "replace")):
                break
        return self.output[start:].decode("utf-8", "replace")

    def wait_for(self, shown: Callable[[Screen], bool], timeout_s: float = 20.0) -> float:
        """Wait until the screen shows what is wanted; return the seconds until the bytes came that made it so."""
        began = time.monotonic()
        while not shown(self.screen):
            if not self.take(began + timeout_s - time.monotonic()):
                raise TimeoutError(f"not shown within {timeout_s:g} s; what is:\n{self.screen.text}")
        return max(0.0, self.heard - began)

    def press(self, keys: str, quiet_s: float = 0.15) -> str:
        """Type, and return what was drawn for it."""
        self.write(keys)
        return self.read(quiet_s=quiet_s)

    def wait_for_end(self, timeout_s: float) -> int | None:
        """Return the exit code once the child ended in time; None while it runs."""
        deadline = time.monotonic() + timeout_s
        while self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= deadline:
                return None
            elif self.fd < 0 or not self.take(0.05):
                time.sleep(0.01)
        return self._code


def drawn(text: str) -> str:
    """Return what is left of the output once the toolkit's own sequences are taken out: nothing but characters."""
    return SEQUENCE.sub("", TOOLKIT_OSC.sub("", text))
