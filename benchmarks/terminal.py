"""What the terminal interface costs in a real pseudo-terminal of 120x36, beside a collector that stores events.

A collector, a sender of a small ordering system's spans (parts/orders.py) and the interface run as processes of their
own. First the interface looks at a collector at rest: starts, keys, views, drill-downs, flows sent one by one and
looked for on the screen. Then it follows the load for a while without a key, then keys are pressed under the same
load. The interface there is the application with one thing more: a heartbeat that notes how late its event loop is;
beside it beats the same heart in a process with nothing else to do, which tells what the machine itself is late.

    uv run python benchmarks/terminal.py [--events 10000] [--seconds 60] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.parts.orders import FLOWS, LANES, SPANS, Lane, poster  # noqa: E402 (found with the root on the path)
from tests.tui.terminal import FLOWTRAIL, Terminal  # noqa: E402 (likewise)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.tui.screen import Screen

SIZE = (120, 36)
BEAT_S = 0.01
STILL_S = 0.4
"""A drill-down has settled when nothing but the lines around it has changed for so long."""
_TIME = re.compile(r"^.(\d\d):(\d\d):(\d\d)\.(\d{3}) ")
_BODY = slice(3, -2)
_ROWS = slice(5, 20)


# The interface with a heartbeat, and the heart alone.


async def beat(beats: array[float]) -> None:
    """Note, a hundred times a second, when it is and how late one is."""
    while True:
        due = time.monotonic() + BEAT_S
        await asyncio.sleep(BEAT_S)
        now = time.monotonic()
        beats.extend((now, now - due))


def child(url: str, beats_file: str) -> int:
    """Be the interface; its beats are written when it ends, the first is when all was loaded."""
    from flowtrail_collector.source import open_source
    from flowtrail_tui.app import FlowtrailApp

    beats = array("d", (time.monotonic(), 0.0))

    class Beating(FlowtrailApp):
        def on_mount(self) -> None:
            self.heart = asyncio.create_task(beat(beats))

    code = Beating(open_source(url)).run() or 0
    Path(beats_file).write_bytes(beats.tobytes())
    return code


def heart(beats_file: str) -> None:
    """Beat, until told to end."""
    beats = array("d")

    async def until_told() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
        await beat(beats)

    try:
        asyncio.run(until_told())
    except asyncio.CancelledError:
        Path(beats_file).write_bytes(beats.tobytes())


def lateness(file: Path, since: float, until: float) -> list[float]:
    """Return how late the loop was, beat by beat, within a time."""
    beats = array("d", file.read_bytes())
    return [late for at, late in zip(beats[::2], beats[1::2], strict=True) if since <= at <= until]


# What is measured.


@dataclass
class Table:
    """Rows of figures, printed as they come."""

    rows: list[str] = field(default_factory=list)

    def head(self, title: str) -> None:
        """Begin a part."""
        print(f"\n{title:<58}{'goal':>10}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}", flush=True)

    def times(self, what: str, goal: str, seconds: Sequence[float]) -> None:
        """Print times, in milliseconds."""
        figures = [statistics.median(seconds), _rank(seconds, 0.95), _rank(seconds, 0.99), max(seconds)]
        print(f"{what:<58}{goal:>10}" + "".join(f"{figure * 1e3:>10.1f}" for figure in figures), flush=True)

    def figure(self, what: str, goal: str, figure: str) -> None:
        """Print one figure."""
        print(f"{what:<58}{goal:>10}{figure:>10}", flush=True)


def _rank(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Hands:
    """A person at the interface: presses a key and looks how long its effect takes."""

    def __init__(self, terminal: Terminal) -> None:
        """`terminal` shows Flows."""
        self.terminal = terminal

    def timed(self, key: str, shown: Callable[[Screen], bool]) -> float:
        """Press a key; return the seconds until the screen shows its effect."""
        while self.terminal.take(0):
            pass
        self.terminal.write(key)
        return self.terminal.wait_for(shown, 15)

    def moved(self, key: str, by: int) -> float:
        """Move the cursor within the screen; return the seconds until it is there."""
        place = next(row for row, line in enumerate(self.terminal.screen.lines) if line.startswith("▌")) + by
        taken = self.timed(key, lambda screen: screen.lines[place].startswith("▌"))
        self.idle(0.05)
        return taken

    def paged(self, key: str) -> float:
        """Move by a screen; return the seconds until the cursor or the rows are others."""
        before = self.terminal.screen.lines[_ROWS]
        taken = self.timed(key, lambda screen: screen.lines[_ROWS] != before)
        self.idle(0.4)
        return taken

    def view(self, key: str, title: str) -> float:
        """Go to a view; return the seconds until its first frame."""
        taken = self.timed(key, lambda screen: screen.lines[0].startswith(f" flowtrail ▸ {title} "))
        self.idle(0.4)
        return taken

    def settled(self, *keys: str) -> float:
        """Open something; return the seconds until the last change of what is shown."""
        for key in keys[:-1]:
            self.terminal.write(key)
            self.idle(0.3)
        began = last = time.monotonic()
        self.terminal.write(keys[-1])
        before = self.terminal.screen.lines[_BODY]
        changed = False
        while not changed or time.monotonic() < last + STILL_S:
            self.terminal.take(0.05)
            now = self.terminal.screen.lines[_BODY]
            if now != before:
                last, before = self.terminal.heard, now
                changed = "▒▒▒" not in self.terminal.screen.text and "asking" not in self.terminal.screen.text
            if time.monotonic() > began + 30:
                raise TimeoutError(f"nothing settled:\n{self.terminal.screen.text}")
        return last - began

    def idle(self, seconds: float) -> None:
        """Look on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.terminal.take(end - time.monotonic())


def starts(url: str, times: int) -> tuple[list[float], list[float]]:
    """Start the command some times; return the seconds to the first frame and to the first flow."""
    painted, filled = [], []
    for _ in range(times):
        with Terminal("tui", url, command=FLOWTRAIL) as terminal:
            painted.append(terminal.wait_for(lambda screen: "VERDICT" in screen.text))
            filled.append(painted[-1] + terminal.wait_for(_has_flows))
            terminal.write("q")
            terminal.wait_for_end(10)
    return painted, filled


def _has_flows(screen: Screen) -> bool:
    return newest_shown(screen) is not None


def newest_shown(screen: Screen) -> float | None:
    """Return when the first flow on the screen began, in seconds since the epoch."""
    found = _TIME.match(screen.lines[5])
    if found is None:
        return None
    hour, minute, second, thousandth = map(int, found.groups())
    today = datetime.now(UTC)
    return today.replace(hour=hour, minute=minute, second=second, microsecond=thousandth * 1000).timestamp()


def one_by_one(url: str, terminal: Terminal, times: int) -> list[float]:
    """Send flows now and then to a collector at rest; return the seconds until each is on the screen."""
    post, lane, taken = poster(url), Lane(2 * LANES, 2 * FLOWS / 0.05), []
    post(lane.first())
    for number in range(times):
        post(lane.next(time.time_ns()))
        mark = f"order-{2 * LANES:02x}{number:06x}-"
        taken.append(terminal.wait_for(lambda screen, mark=mark: mark in screen.text))
        time.sleep(0.37)
    return taken


def until_visible(shown: list[tuple[float, float]], since: float, until: float) -> list[float]:
    """Return, for every 5 ms of the load, how long what began then was not yet on the screen."""
    taken, place, moment = [], 0, since
    while moment < until:
        while place < len(shown) and shown[place][1] < moment:
            place += 1
        if place == len(shown):
            break
        taken.append(shown[place][0] - moment)
        moment += 0.005
    return taken


# The processes.


@dataclass
class Usage:
    """What a process has used so far."""

    cpu_s: float
    rss_mb: float


def usage(pid: int) -> Usage:
    """Read what a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Usage(cpu, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)


@contextmanager
def collector(folder: Path) -> Iterator[tuple[str, int]]:
    """Run `flowtrail collect` on a fresh store; its URL and process."""
    command = [*FLOWTRAIL, "collect", "--store", str(folder / "load.duckdb"), "--http", "127.0.0.1:0", "--grpc", "off"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        said = ""
        for line in process.stderr or ():
            said += line
            if found := re.search(r"http://\S+", line):
                break
        else:
            sys.exit(f"the collector did not start:\n{said}")
        try:
            yield found[0], process.pid
        finally:
            process.terminate()


def sending(url: str, events: float, seconds: float, first_lane: int) -> subprocess.Popen[str]:
    """Start the sender."""
    told = (url, str(events), str(seconds), str(first_lane))
    return subprocess.Popen([sys.executable, str(HERE / "parts" / "orders.py"), *told])


def stored(url: str) -> int:
    """Return how many spans the collector holds."""
    from flowtrail_collector.client import HttpSource

    return int(HttpSource(url).status()["store"]["spans"])


def interface(stack: ExitStack, url: str, beats: Path) -> Terminal:
    """Start the interface with its heart."""
    terminal = stack.enter_context(
        Terminal("--child", url, str(beats), command=(sys.executable, str(HERE / "terminal.py")))
    )
    terminal.wait_for(_has_flows)
    return terminal


# The run.


def at_rest(table: Table, url: str, collecting: int, folder: Path, *, quick: bool) -> None:
    """Measure beside a collector to which nothing is sent."""
    sending(url, 1000, 2, 0).wait()
    table.head("at rest, milliseconds")
    painted, filled = starts(url, 2 if quick else 7)
    table.times("process start to first frame", "", painted)
    table.times("process start to first flow", "<= 700", filled)
    with ExitStack() as stack:
        beats = folder / "rest.beats"
        terminal = interface(stack, url, beats)
        keyboard = Hands(terminal)
        keyboard.idle(1.0)
        keys(table, keyboard, quick=quick)
        before, began = usage(collecting), time.monotonic()
        keyboard.idle(3.0)
        share = (usage(collecting).cpu_s - before.cpu_s) / (time.monotonic() - began)
        terminal.write("G")
        table.times("sent to visible", "<= 1000", one_by_one(url, terminal, 3 if quick else 20))
        table.figure("collector's CPU for a screen that follows nothing new", "", f"{share:.1%}")
        terminal.write("q")
        terminal.wait_for_end(10)


def keys(table: Table, hands: Hands, *, quick: bool) -> None:
    """Press keys and measure their effects; ends where it began, with the rows held still."""
    from flowtrail_tui.views.registry import VIEWS

    hands.moved("j", 1)
    hands.idle(1.0)
    steps = [hands.moved(key, by) for key, by in ([("j", 1)] * 10 + [("k", -1)] * 10) * (1 if quick else 4)]
    table.times("key to bytes: j, k", "30, 50", steps)
    pages = [hands.paged(key) for key in ("\x1b[6~", "\x1b[5~") * (1 if quick else 8)]
    table.times("key to bytes: page down, page up", "30, 50", pages)
    tabs = [entry for entry in VIEWS if entry.key.isdigit()]
    first = [hands.view(entry.key, entry.title) for entry in [*tabs[1:], tabs[0]]]
    again = [hands.view(entry.key, entry.title) for entry in tabs * (1 if quick else 4)]
    table.times(f"view switch to first frame, {len(tabs)} views, first time", "<= 50", first[:-1])
    table.times("view switch to first frame, again", "<= 50", again)
    hands.view("1", "Flows")
    opened, asked = [], []
    for _ in range(2 if quick else 8):
        opened.append(hands.settled("\r"))
        hands.view("1", "Flows")
        asked.append(hands.settled(":", "flow:order-00000001-07", "\r"))
        hands.view("1", "Flows")
    table.times("drill-down settled: enter on a flow", "<= 300", opened)
    table.times("drill-down settled: a flow asked about", "<= 300", asked)


def follow(terminal: Terminal, seconds: float) -> list[tuple[float, float]]:
    """Look on; return when the screen first showed which newest flow, both in seconds since the epoch."""
    shown: list[tuple[float, float]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.take(end - time.monotonic())
        newest = newest_shown(terminal.screen)
        if newest is not None and (not shown or newest > shown[-1][1]):
            shown.append((time.time() - (time.monotonic() - terminal.heard), newest))
    return shown


def under_load(table: Table, url: str, collecting: int, folder: Path, options: argparse.Namespace) -> None:
    """Follow the load without a key, then press keys under it."""
    table.head(f"{options.events:,.0f} events/s for {options.seconds:g} s, milliseconds")
    alone = folder / "alone.beats"
    with ExitStack() as stack:
        pulse = subprocess.Popen([sys.executable, str(HERE / "terminal.py"), "--heart", str(alone)])
        stack.callback(pulse.kill)
        terminal = interface(stack, url, folder / "load.beats")
        hands = Hands(terminal)
        hands.idle(1.0)
        sender = sending(url, options.events, options.seconds + 300, LANES)
        stack.callback(sender.kill)
        hands.idle(2.0)
        spans, ours, theirs = stored(url), usage(terminal.pid), usage(collecting)
        began, wall = time.monotonic(), time.time()
        shown = follow(terminal, options.seconds)
        ended, seconds = time.monotonic(), time.monotonic() - began
        spans, after, over = stored(url) - spans, usage(terminal.pid), usage(collecting)
        keys(table, hands, quick=options.quick)
        sender.kill()
        terminal.write("q")
        terminal.wait_for_end(10)
        pulse.terminate()
        pulse.wait()
        table.times("published to visible", "<= 1000", until_visible(shown, wall, wall + seconds))
        table.times("event loop late, following", "p99 20", lateness(folder / "load.beats", began, ended))
        table.times("event loop late, a process with nothing to do", "", lateness(alone, began, ended))
        table.figure("CPU of the interface, share of a core", "<= 25 %", f"{(after.cpu_s - ours.cpu_s) / seconds:.1%}")
        table.figure("CPU of the collector, share of a core", "", f"{(over.cpu_s - theirs.cpu_s) / seconds:.1%}")
        table.figure("memory of the interface at the start, MB", "", f"{ours.rss_mb:.0f}")
        table.figure("memory of the interface at the end, MB", "flat", f"{after.rss_mb:.0f}")
        table.figure("events/s stored", f"{options.events:,.0f}", f"{spans / SPANS * FLOWS * 2 / seconds:,.0f}")


def main() -> int:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=float, default=10_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="of load without a key")
    parser.add_argument("--quick", action="store_true", help="only to see that it runs")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--heart", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(*options.child)
    if options.heart:
        heart(options.heart)
        return 0
    if options.quick:
        options.events, options.seconds = 1000, 4.0
    with tempfile.TemporaryDirectory() as name, collector(Path(name)) as (url, pid):
        table = Table()
        at_rest(table, url, pid, Path(name), quick=options.quick)
        under_load(table, url, pid, Path(name), options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
