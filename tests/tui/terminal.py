"""The terminal interface in a real pseudo-terminal: what it writes, byte for byte, and how fast."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
_ENV = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")}
_ENV |= {"FLOWTRAIL_TERMINAL_CONFIG": "", "FLOWTRAIL_STATE": ""}

TOOLKIT_OSC = re.compile(r"\x1b\]22;[a-z]+\x07")
"""The one OSC that Textual writes: the pointer's shape."""
SEQUENCE = re.compile(r"\x1b\[[0-9;:?<>=$]*[A-Za-z]|\x1b\[\?\d+\$p")


class Terminal:
    """A child process on a pseudo-terminal of a given size; every byte it wrote is kept in `output`."""

    def __init__(
        self, *arguments: str, size: tuple[int, int] = (120, 36), env: Mapping[str, str] | None = None
    ) -> None:
        """Start `python -m tests.tui.fake_app` with these arguments."""
        self.output = b""
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child: nothing but exec
            os.chdir(ROOT)
            command = [sys.executable, "-m", "tests.tui.fake_app", *arguments]
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execve(sys.executable, command, {**_ENV, **(env or {})})  # noqa: S606 (our own interpreter)
        self.resize(*size)

    def __enter__(self) -> "Terminal":
        """Return itself."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Quit, and kill what does not."""
        if self.wait_for_end(0) is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    @property
    def text(self) -> str:
        """What was written so far, decoded."""
        return self.output.decode("utf-8", "replace")

    def resize(self, width: int, height: int) -> None:
        """Change the size; the kernel tells the child."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def write(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode())

    def read(self, until: Callable[[str], bool] | None = None, timeout_s: float = 20.0, quiet_s: float = 0.15) -> str:
        """Read until `until` holds for what was written since now, or, without it, until nothing comes for a while."""
        start = len(self.output)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            ready = select.select([self.fd], [], [], 0.02 if until else quiet_s)[0]
            if ready:
                try:
                    chunk = os.read(self.fd, 65_536)
                except OSError:
                    break
                self.output += chunk
                if not chunk:
                    break
            elif until is None:
                break
            if until is not None and until(self.output[start:].decode("utf-8", "replace")):
                break
        return self.output[start:].decode("utf-8", "replace")

    def press(self, keys: str) -> str:
        """Type, and return what was drawn for it."""
        self.write(keys)
        return self.read()

    def wait_for_end(self, timeout_s: float) -> int | None:
        """Return the exit code once the child ended in time; None while it runs."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                return 0
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() >= deadline:
                return None
            self.read(quiet_s=0.02, timeout_s=0.05)


def drawn(text: str) -> str:
    """Return what is left of the output once the toolkit's own sequences are taken out: nothing but characters."""
    return SEQUENCE.sub("", TOOLKIT_OSC.sub("", text))
