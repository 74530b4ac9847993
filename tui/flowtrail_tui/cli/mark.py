"""`flowtrail mark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowtrail_tui.cli import options

if TYPE_CHECKING:
    from flowtrail_collector.source import Document, Source

MOST_NEAR = 5


@click.command("mark")
@click.argument("cause")
@click.argument("state", type=click.Choice(["acknowledged", "muted", "open"]))
@click.option("--note", metavar="TEXT", help="Why; stands beside the cause on screens and in reports.")
@click.option("--by", metavar="NAME", help="Who says so. Default: the user of this shell.")
@options.source_option
@options.json_option
def command(cause: str, state: str, note: str | None, by: str | None, source: str | None, as_json: bool) -> None:
    """Say of a cause that it is known (acknowledged), not to be shown (muted), or open again.

    CAUSE is an id that `flowtrail findings --by-cause` shows, or its beginning. What is marked is found and counted as
    before, and fails `flowtrail check` as before.

    Example: flowtrail mark 9b2a597ce21d acknowledged --note "fixed in 1.4"
    """
    with options.opened(source) as opened:
        document = opened.mark(_known(opened, cause), state, note=note, by=by)
    if as_json:
        options.write_json(document)
        return
    from flowtrail_tui.text.causes import marked

    options.write_lines([marked(document)], plain=True)


def _known(source: Source, wanted: str) -> str:
    """Return the id of the one cause that is meant; a slip must not end as a mark of nothing. Raises NothingKnown."""
    from flowtrail_collector.errors import NothingKnown

    rows = source.causes(options.window_of(source, "all", None), "state:all")["rows"]
    found = [row for row in rows if row["cause"].startswith(wanted.lower())]
    if len(found) == 1 and wanted:
        return str(found[0]["cause"])
    said = f"{len(found):,} causes begin with {wanted}" if found and wanted else f"there is no cause {wanted}"
    raise NothingKnown(said, tuple(map(_told, (found or rows)[:MOST_NEAR])))


def _told(row: Document) -> str:
    return f"{row['cause']}  {row['kind']}: {row['happened']}"
