"""The processes of a demo: started in groups of their own, restarted when they crash, and all gone at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import IO, TYPE_CHECKING, Self

from flowtrail_collector.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

STOP_TIMEOUT = 8.0
"""Seconds that processes get to stop in order."""
WATCH_INTERVAL = 0.2


@dataclass
class Child:
    """One process of the demo."""

    name: str
    module: str
    arguments: Callable[[], Sequence[str]]
    """Made anew for each start: a restarted service is told how much time is left."""
    service: bool = False
    """A service needs the other processes until it has ended, and is started again when it crashes."""
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    stopping: bool = False
    ended: Event = field(default_factory=Event)
    """Set once the process ended and will not be started again."""


class Family:
    """All processes of a demo. Leaving the `with` block ends them."""

    def __init__(self, logs: Path, environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        """Write what each process prints to `logs/<name>.log`."""
        self._logs = logs
        self._environment = {**os.environ, **environment}
        self._tell = tell
        self._children: list[Child] = []
        self._lock = Lock()
        self._stopping = Event()
        self._watcher = Thread(target=self._watch, name="demo-watch", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.stop([child for child in self._children if child.service])
        self.stop([child for child in self._children if not child.service])

    def start(self, name: str, module: str, *arguments: str) -> Child:
        """Start one process that must live as long as the demo; its output goes to its log."""
        return self._add(Child(name, module, lambda: arguments))

    def start_service(self, name: str, module: str, arguments: Callable[[], Sequence[str]]) -> Child:
        """Start a service that is started again if it crashes."""
        return self._add(Child(name, module, arguments, service=True))

    def announced(self, child: Child, word: str, timeout: float) -> str:
        """Wait until a line of the child's log begins with `word`; return the rest of that line."""
        deadline = monotonic() + timeout
        log = self._log(child)
        while monotonic() < deadline:
            for line in log.read_text(errors="replace").splitlines():
                if line.startswith(word):
                    return line.removeprefix(word).strip()
            if child.ended.wait(0.03):
                break
        raise SourceUnavailable(f"the demo's {child.name} did not start: {self.last_words(child)} (see {log})")

    def last_words(self, child: Child) -> str:
        """Tell the last line that a process wrote."""
        lines = self._log(child).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"

    def stop(self, children: Sequence[Child]) -> None:
        """Ask processes to stop, all at once; end those that do not within `STOP_TIMEOUT`."""
        with self._lock:
            for child in children:
                child.stopping = True
            asked = [child.process for child in children if child.process is not None]
        for process in asked:
            _signal(process, signal.SIGTERM)
        deadline = monotonic() + STOP_TIMEOUT
        for process in asked:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - monotonic()))
        for process in asked:
            _signal(process, signal.SIGKILL)  # to the group: whatever a process may have started ends with it
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _add(self, child: Child) -> Child:
        with self._lock:
            self._children.append(child)
            self._launch(child)
        return child

    def _launch(self, child: Child) -> None:
        command = [sys.executable, "-m", "flowtrail_tui.demo.child", child.module, *child.arguments()]
        with self._log(child).open("ab") as log:
            child.process = self._popen(command, log)
        child.starts += 1

    def _popen(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own modules
            command,
            stdin=subprocess.PIPE,  # never written to: it closes when this process ends, and so ends the child
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,  # the terminal's Ctrl-C is for the demo, which then stops its processes in order
        )

    def _log(self, child: Child) -> Path:
        return self._logs / f"{child.name}.log"

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_INTERVAL):
            with self._lock:
                for child in self._children:
                    self._look_after(child)

    def _look_after(self, child: Child) -> None:
        if child.ended.is_set() or child.process is None or child.process.poll() is None:
            return
        if child.service and child.process.returncode != 0 and not child.stopping:
            self._tell(f"{child.name} crashed ({_cause(child.process.returncode)}) and is started again")
            if child.process.stdin is not None:
                child.process.stdin.close()
            self._launch(child)
            return
        child.ended.set()


def _cause(returncode: int) -> str:
    return signal.Signals(-returncode).name if returncode < 0 else f"exit {returncode}"


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the process and everything in its group; a group that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
