"""Plays a demo: on the screen until it is closed, or without one until all is told and compared."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import NothingKnown, UsageError
from flowtrail_collector.source import Window
from flowtrail_tui.demo import DEFAULT_SECONDS, table
from flowtrail_tui.demo.comparison import (
    SET_ASIDE,
    Comparison,
    Fault,
    behind_in,
    excused_from_lag,
    found_in,
    read_injected,
)
from flowtrail_tui.demo.drain import drain
from flowtrail_tui.demo.out import Out
from flowtrail_tui.demo.stage import stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from flowtrail_collector.source import Source
    from flowtrail_tui.demo import Options
    from flowtrail_tui.demo.stage import Stage

WHOLE_RUN = Window(None, None)


def on_screen(options: Options) -> int:
    """Run the system and the terminal interface on it, until that is closed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the demo opens the terminal interface and needs a terminal; without one: demo --headless")
    with _ended_by_signals(), _out(options) as out:
        narration = Narration()
        # Loading the screens takes as long as starting a collector: both at once.
        with stage(options, options.seconds, out, narration, meanwhile=_load_screens) as play:
            narration.silent = True  # once the screens are up, nothing else may write to the terminal
            _load_screens().run(play.source)
            narration.silent = False
        if options.out is None:
            narration("everything stopped; --out DIR would have kept the store")
    return 0


def headless(options: Options) -> int:
    """Run the system for a while, let it come to rest, compare, and leave everything in the directory."""
    tell = Narration()
    seconds = DEFAULT_SECONDS if options.seconds is None else options.seconds
    with _ended_by_signals(), _out(options) as out, stage(options, seconds, out, tell) as play:
        tell(f"orders are placed for {seconds:g} s, {options.rate:g} a second, seed {options.seed}")
        play.await_orders(seconds)
        lag = play.source.lag(WHOLE_RUN)
        comparison = _come_to_rest(play, out, lag, tell)
        out.result.write_text(json.dumps(comparison.document(), indent=2) + "\n")
        if options.out is not None:
            _write_reports(play.source, lag, out, f"flowtrail demo, seed {options.seed}", tell)
        play.stop_collector()
        print("\n".join(table.lines(comparison)))  # noqa: T201 - stdout is data
        if options.out is not None:
            tell(f"{out.result}, the store and both reports are in {out.directory}")
    return 1 if comparison.missed or comparison.unexpected else 0


def _load_screens() -> ModuleType:
    return import_module("flowtrail_tui.app")


class Narration:
    """Says on stderr what happens."""

    silent = False

    def __call__(self, text: str) -> None:
        """Say one line."""
        if not self.silent:
            print(f"demo: {text}", file=sys.stderr, flush=True)  # noqa: T201 - narration


def _come_to_rest(play: Stage, out: Out, lag: dict[str, Any], tell: Narration) -> Comparison:
    tell("no more orders; waiting until every group has read everything")
    for group, unread in drain(play.broker).items():
        tell(f"{group} still has {unread} unread; what it has not read can not be judged")
    tell("all is read; stopping the services")
    play.stop_services()
    injected = read_injected(out.injected)
    found = found_in(play.source.findings(WHOLE_RUN))
    # On a broker of others, their groups' lag is none of the run's.
    ours = {**lag, "rows": [row for row in lag["rows"] if row["destination"].startswith(play.broker.prefix)]}
    found += behind_in(ours, excused_from_lag(injected) - {fault.group for fault in injected if fault.kind == "lag"})
    found += _answered(play.source, injected, found)
    return Comparison(injected, found)


def _answered(source: Source, injected: list[Fault], found: list[Fault]) -> list[Fault]:
    """Ask for the orders that were set aside, where no finding names them: their answer says the same."""
    answers = []
    for fault in injected:
        if fault.kind in SET_ASIDE and not any(finding.answers(fault) for finding in found):
            answers += [replace(fault, kind=word) for word in _words(source, fault)]
    return answers


def _words(source: Source, fault: Fault) -> set[str]:
    try:
        events = source.ask(f"id:{fault.message_ids[0]}")["events"]
    except NothingKnown:
        return set()
    groups = [line for event in events if event["destination"] == fault.destination for line in event["consumed"]]
    return {line["answer"] for line in groups if line["group"] == fault.group and line["answer"] in SET_ASIDE}


def _write_reports(source: Source, lag: dict[str, Any], out: Out, name: str, tell: Narration) -> None:
    from flowtrail_reports import gather, make_report

    for report in ("lag", "duplicates"):
        documents = replace(gather(report, source, WHOLE_RUN), source=name)
        if report == "lag":  # as it was when the orders ended: by now everybody has caught up
            documents = replace(documents, lag=lag)
        for kind in ("html", "csv", "json"):
            (out.directory / f"{report}.{kind}").write_bytes(make_report(report, documents, kind))
    tell("reports written")


@contextmanager
def _out(options: Options) -> Iterator[Out]:
    """Offer the directory of the run: the one that was named, or one that goes with the run."""
    if options.out is not None:
        out = Out(options.out)
        out.prepare()
        yield out
        return
    with TemporaryDirectory(prefix="flowtrail-demo-", ignore_cleanup_errors=True) as directory:
        out = Out(Path(directory))
        out.prepare()
        yield out


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does: everything is stopped on the way out."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    former = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
