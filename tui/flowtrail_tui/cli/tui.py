"""`flowtrail tui [SOURCE]`."""

from __future__ import annotations

import os
import sys
import threading

import click

from flowtrail_tui.cli import options

_SERVED = "TEXTUAL_DRIVER"
"""Set where a page of `--serve` is the terminal."""


@click.command("tui")
@click.argument("place", metavar="[SOURCE]", required=False)
@options.source_option
@options.config_option
@click.option("--fresh", is_flag=True, help="Do not begin where the last sitting at this source ended.")
@click.option(
    "--serve",
    "where",
    is_flag=False,
    flag_value="localhost:8000",
    metavar="[HOST:]PORT",
    help="Show it to browsers on this machine (needs flowtrail[serve]). Default: localhost:8000.",
)
def command(place: str | None, source: str | None, config: str | None, where: str | None, *, fresh: bool) -> int:
    """Open the terminal interface on a running collector or a store file."""
    if place is not None and source is not None and place != source:
        raise click.UsageError(f"two sources are named: {place} and {source}; name one")
    if where is not None:
        return _serve(place or source, config, where, fresh=fresh)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) and not os.environ.get(_SERVED):
        raise click.UsageError(
            "the terminal interface needs a terminal; for pipes and scripts there are "
            "`flowtrail flows`, `lag`, `findings` and `ask`, with --plain or --json",
        )
    from flowtrail_tui.app import run

    with options.opened(place or source, config) as opened:
        code = run(opened, fresh=fresh)
    return _leave(code)


def _leave(code: int) -> int:
    """Return the exit code; while threads are left that nobody waits for (questions, imports), end at once.

    One that is inside DuckDB or Arrow is thrown out of it when the interpreter ends, and that aborts the process.
    """
    if any(thread.daemon for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _serve(source: str | None, config: str | None, where: str, *, fresh: bool) -> int:
    """Serve pages; the source is opened once before, so that what is wrong with it is said here."""
    from flowtrail_tui.serving import serve

    with options.opened(source, config):
        pass
    named = ["--source", source] if source is not None else []
    declared = ["--config", config] if config is not None else []
    return serve([*named, *declared, *(["--fresh"] if fresh else [])], where, options.say)
