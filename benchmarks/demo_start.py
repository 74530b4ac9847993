"""How long `flowtrail demo` takes from the command to the first flow on the screen, in a real pseudo-terminal.

Each run starts the command anew and notes when its output first holds what marks a stage: the command's first word, the
collector, the screens, a row with an order. `--busy N` keeps N processes computing beside it; `--cold` lets Python
compile every module anew, as on the first start after an installation.

    uv run python benchmarks/demo_start.py [--runs 5] [--busy 0] [--cold] [--quick]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = (sys.executable, "-c", "import sys; from flowtrail_tui.cli import main; sys.exit(main())", "demo")
SIZE = (36, 120)
STAGES = {
    "the command speaks": re.compile(rb"demo: "),
    "the collector answers": re.compile(rb"demo: collector at"),
    "the screens stand": re.compile(rb"VERDICT"),
    "the first flow is shown": re.compile(rb"order-\d+"),
}
PATIENCE_S = 60.0


def main() -> None:
    """Start the demo some times and print when each stage was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--busy", type=int, default=0, help="processes that compute beside it")
    parser.add_argument("--cold", action="store_true", help="without compiled modules")
    parser.add_argument("--quick", action="store_true", help="one run")
    given = parser.parse_args()
    with _busy(given.busy):
        runs = [one_run(cold=given.cold) for _ in range(1 if given.quick else given.runs)]
    print(f"runs {len(runs)}, busy processes {given.busy}, {'no ' if given.cold else ''}compiled modules")
    print(f"{'seconds after the command':<28}{'median':>8}{'worst':>8}")
    for stage in STAGES:
        times = [run[stage] for run in runs]
        print(f"{stage:<28}{statistics.median(times):>8.2f}{max(times):>8.2f}")


def one_run(*, cold: bool) -> dict[str, float]:
    """Start the demo, wait until a flow is shown, quit; return the seconds to each stage."""
    with ExitStack() as stack:
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        if cold:
            environment["PYTHONPYCACHEPREFIX"] = stack.enter_context(tempfile.TemporaryDirectory())
        began = time.monotonic()
        child, terminal = pty.fork()
        if child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
            os.execve(COMMAND[0], COMMAND, environment)  # noqa: S606 (our own interpreter)
        stack.callback(os.close, terminal)
        reached = _watch(terminal, began)
        os.write(terminal, b"q")
        while _read(terminal, time.monotonic() + PATIENCE_S):
            pass
        os.waitpid(child, 0)
        return reached


def _watch(terminal: int, began: float) -> dict[str, float]:
    reached: dict[str, float] = {}
    output = b""
    while len(reached) < len(STAGES):
        chunk = _read(terminal, began + PATIENCE_S)
        if not chunk:
            missing = next(stage for stage in STAGES if stage not in reached)
            sys.exit(f"within {PATIENCE_S:.0f} s it did not come to this: {missing}")
        output += chunk
        now = time.monotonic() - began
        for stage, mark in STAGES.items():
            if stage not in reached and mark.search(output):
                reached[stage] = now
    return reached


def _read(terminal: int, deadline: float) -> bytes:
    """Return what comes next; nothing at the end or after the deadline."""
    if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
        return b""
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


@contextmanager
def _busy(count: int) -> Iterator[None]:
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


if __name__ == "__main__":
    main()
