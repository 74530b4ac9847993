"""`flowtrail flows`."""

from __future__ import annotations

import click

from flowtrail_tui.cli import options


@click.command("flows")
@options.reading
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="So many flows.")
@click.option("--after", metavar="TOKEN", help="Go on after an earlier answer: its `next`.")
def command(
    words: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    config: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    plain: bool,
    limit: int,
    after: str | None,
) -> None:
    """List the flows of the window, newest first, one line each with its verdict.

    Example: flowtrail flows topic:orders.* verdict:!ok --since 1h
    """
    text = options.filter_text(words, filters)
    with options.opened(source, config) as opened:
        document = opened.flows(options.window_of(opened, since, until), text, limit=limit, after=after)
    if as_json:
        options.write_json(document)
        return
    from flowtrail_tui.text.flows import render

    options.write_lines(render(document, options.width()), plain=plain)
