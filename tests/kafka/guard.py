"""Kills what a test run left behind, should that run itself be killed.

Runs as a process of its own: `python guard.py FOLDER`. On standard input it is told of processes, one per line, `+PID`
when one has started and `-PID` when it has been waited for. A lone `.` is the broker's end, and the end of input is the
test run's, however it came: whatever still runs is killed, and the folder removed.
"""

import os
import shutil
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Follow standard input to its end, then clean up."""
    alive: set[int] = set()
    for line in iter(sys.stdin.readline, ""):
        if line == ".\n":
            break
        change = alive.add if line.startswith("+") else alive.discard
        change(int(line[1:]))
    for pid in alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
