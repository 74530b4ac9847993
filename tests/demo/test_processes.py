"""The demo's processes start in groups of their own, come back after a crash, and never outlive the demo."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_tui.demo.processes import Family

SERVICE = """
import os, signal, sys, time
print("ready", os.getpid(), flush=True)
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[1] == "crash" and not os.path.exists(sys.argv[2]):
    open(sys.argv[2], "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(60)
"""
PARENT = """
import sys, time
from pathlib import Path
from flowtrail_tui.demo.processes import Family
with Family(Path(sys.argv[1]), {"PYTHONPATH": sys.argv[1]}, print) as family:
    for name in ("one", "two"):
        family.announced(family.start(name, "service", "plain"), "ready", 20)
    print("started", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Make a directory with a service in it."""
    (tmp_path / "service.py").write_text(SERVICE)
    return tmp_path


def _family(logs: Path, said: list[str] | None = None) -> Family:
    return Family(logs, {"PYTHONPATH": str(logs)}, (said if said is not None else []).append)


def _gone(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def _eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = monotonic() + seconds
    while not holds():
        if monotonic() > deadline:
            return False
        sleep(0.05)
    return True


def test_leaving_ends_them(logs: Path) -> None:
    """Also one that starts in a session of its own, away from the terminal's Ctrl-C."""
    with _family(logs) as family:
        pid = int(family.announced(family.start("one", "service", "plain"), "ready", 20))
        assert os.getsid(pid) != os.getsid(0)
    assert _gone(pid)


def test_one_that_does_not_listen_is_killed(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time that all get to stop in order."""
    monkeypatch.setattr("flowtrail_tui.demo.processes.STOP_TIMEOUT", 0.3)
    with _family(logs) as family:
        pid = int(family.announced(family.start("one", "service", "deaf"), "ready", 20))
        sleep(0.3)  # until it has made itself deaf
    assert _gone(pid)


def test_a_crashed_service_is_started_again(logs: Path) -> None:
    """And that is told."""
    said: list[str] = []
    with _family(logs, said) as family:
        child = family.start_service("one", "service", lambda: ["crash", str(logs / "crashed")])
        assert _eventually(lambda: child.starts == 2)
    assert said == ["one crashed (SIGKILL) and is started again"]


def test_one_that_does_not_start_is_said_with_its_last_words(logs: Path) -> None:
    """The log is named, too."""
    with _family(logs) as family, pytest.raises(SourceUnavailable, match=r"No module named.*absent.*one\.log"):
        family.announced(family.start("one", "absent"), "ready", 20)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_they_end_with_a_demo_that_is_killed(logs: Path, number: signal.Signals) -> None:
    """Whatever happens to the demo, its processes see the end of their standard input."""
    command = [sys.executable, "-c", PARENT, str(logs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "started\n"
        pids = [int((logs / f"{name}.log").read_text().split()[1]) for name in ("one", "two")]
        demo.send_signal(number)
    assert _eventually(lambda: all(map(_gone, pids)))
