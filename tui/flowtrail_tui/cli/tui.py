"""`flowtrail tui [SOURCE]`."""

from __future__ import annotations

import sys

import click

from flowtrail_tui.cli import options


@click.command("tui")
@click.argument("place", metavar="[SOURCE]", required=False)
@options.source_option
@options.config_option
@click.option("--fresh", is_flag=True, help="Do not begin where the last sitting at this source ended.")
def command(place: str | None, source: str | None, config: str | None, fresh: bool) -> int:
    """Open the terminal interface on a running collector or a store file."""
    if place is not None and source is not None and place != source:
        raise click.UsageError(f"two sources are named: {place} and {source}; name one")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "the terminal interface needs a terminal; for pipes and scripts there are "
            "`flowtrail flows`, `lag`, `findings` and `ask`, with --plain or --json",
        )
    from flowtrail_tui.app import run

    with options.opened(place or source, config) as opened:
        return run(opened, fresh=fresh)
