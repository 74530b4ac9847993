"""The program: its commands, and what is said when one can not do what was asked.

Nothing heavy is imported here, and a command's own module only when it runs: `flowtrail --help` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from flowtrail_tui.cli.exits import Exit
from flowtrail_tui.cli.group import Entry, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

DEBUG_VARIABLE = "FLOWTRAIL_DEBUG"

COMMANDS = {
    "demo": Entry("flowtrail_tui.cli.demo:command", "A small system with faults to find, and the screens on it."),
    "collect": Entry("flowtrail_tui.cli.collect:command", "Receive spans, store them, watch the broker, answer."),
    "tui": Entry("flowtrail_tui.cli.tui:command", "The terminal interface."),
    "ask": Entry("flowtrail_tui.cli.ask:command", "What happened to one event or flow."),
    "flows": Entry("flowtrail_tui.cli.flows:command", "The flows of a window, newest first."),
    "findings": Entry("flowtrail_tui.cli.findings:command", "Everything that went wrong in a window."),
    "mark": Entry("flowtrail_tui.cli.mark:command", "Say that a cause is acknowledged, muted, or open again."),
    "lag": Entry("flowtrail_tui.cli.lag:command", "How far each group is behind, and whether it catches up."),
    "map": Entry("flowtrail_tui.cli.map:command", "What flows where: services, destinations, groups."),
    "report": Entry("flowtrail_tui.cli.report:command", "Reports as HTML, CSV, JSON and more."),
    "check": Entry("flowtrail_tui.cli.check:command", "Assertions for CI: passed, failed or inconclusive."),
    "import": Entry("flowtrail_tui.cli.importing:command", "Read OTLP files into a store."),
    "doctor": Entry("flowtrail_tui.cli.doctor:command", "What is reachable, what is instrumented, what is missing."),
}

EPILOG = """\b
WHAT is a message id, a correlation id, a trace id, destination:partition:offset, or key:destination/value.
Exit codes: 0 answered, 1 an assertion failed, 2 usage, 3 source unavailable, 4 nothing known of it, 130 interrupted.
"""


@click.group(
    cls=LazyGroup,
    entries=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(package_name="flowtrail", message="flowtrail %(version)s")
def cli() -> None:
    """Ask event-driven systems what happened to one event, and get answers with evidence."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. No traceback reaches the user unless $FLOWTRAIL_DEBUG is set."""
    interrupt = _Interrupt()
    try:
        _prepare_streams()
        result = cli.main(None if arguments is None else list(arguments), prog_name="flowtrail", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as wrong:
        return _refuse(wrong)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 the last line of defence: people get a sentence
        return _explain(error, interrupted=interrupt.pressed)
    finally:
        interrupt.forget()
    return result if isinstance(result, int) else Exit.OK


def _explain(error: Exception, *, interrupted: bool) -> int:
    """Say an error in one paragraph and return its exit code."""
    from flowtrail_collector.errors import FlowtrailError, NothingKnown

    if os.environ.get(DEBUG_VARIABLE):
        import traceback

        traceback.print_exception(error)
    if interrupted:
        return Exit.INTERRUPTED
    if not isinstance(error, FlowtrailError):
        _say(
            f"{type(error).__name__}: {error}. This is a fault of flowtrail; {DEBUG_VARIABLE}=1 shows where it stands."
        )
        return Exit.FAILED
    _say(str(error))
    if isinstance(error, NothingKnown) and error.near:
        _say("known near it:", *error.near)
    return error.exit_code


class _Interrupt:
    """Knows whether Ctrl-C was pressed: what DuckDB makes of it is then no fault, and no damage of a store."""

    def __init__(self) -> None:
        self.pressed = False
        main_thread = threading.current_thread() is threading.main_thread()
        self._watching = main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._watching:
            signal.signal(signal.SIGINT, self._press)

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        signal.default_int_handler(number, frame)

    def forget(self) -> None:
        """Leave Ctrl-C as it was."""
        if self._watching:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _refuse(wrong: click.ClickException) -> int:
    """Say what was wrong with the command line."""
    _say(_message(wrong))
    context = getattr(wrong, "ctx", None)
    if isinstance(context, click.Context):
        click.echo(f"See `{context.command_path} --help`.", err=True)
    return Exit.USAGE if isinstance(wrong, (click.UsageError, click.FileError)) else wrong.exit_code


def _message(wrong: click.ClickException) -> str:
    """Return what click says; of a wrong option's neighbours only the nearest."""
    if isinstance(wrong, click.NoSuchOption) and wrong.possibilities:
        from difflib import get_close_matches

        near = get_close_matches(wrong.option_name, wrong.possibilities, n=1, cutoff=0.0)
        return f"no such option {wrong.option_name}. Did you mean {near[0]}?"
    return wrong.format_message()


def _say(first: str, *lines: str) -> None:
    from flowtrail_tui.safe import safe

    with suppress(OSError):
        click.echo(f"flowtrail: {safe(first)}", err=True)
        for line in lines:
            click.echo(f"  {safe(line)}", err=True)


def _prepare_streams() -> None:
    """Let no character of the data break the output: what an encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
