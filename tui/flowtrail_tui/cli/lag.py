"""`flowtrail lag`."""

from __future__ import annotations

import click

from flowtrail_tui.cli import options


@click.command("lag")
@options.reading
def command(
    words: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    config: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    plain: bool,
) -> None:
    """Show how far each group is behind on each partition, since when, and whether it catches up.

    Example: flowtrail lag group:billing --since 1h
    """
    text = options.filter_text(words, filters)
    with options.opened(source, config) as opened:
        document = opened.lag(options.window_of(opened, since, until), text)
    if as_json:
        options.write_json(document)
        return
    from flowtrail_tui.text.lag import render

    options.write_lines(render(document, options.width()), plain=plain)
