"""`flowtrail lag`."""

from __future__ import annotations

import click

from flowtrail_tui.cli import options


@click.command("lag")
@options.reading
@click.option(
    "--latency", is_flag=True, help="How long events take instead: per group, and until the last of their groups."
)
def command(
    words: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    config: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    plain: bool,
    latency: bool,
) -> None:
    """Show how far each group is behind on each partition, since when, and whether it catches up.

    With --latency: how long events take from their publication to the end of their processing.

    Example: flowtrail lag group:billing --since 1h
    """
    text = options.filter_text(words, filters)
    with options.opened(source, config) as opened:
        window = options.window_of(opened, since, until)
        document = opened.latency(window, text) if latency else opened.lag(window, text)
    if as_json:
        options.write_json(document)
        return
    if latency:
        from flowtrail_tui.text.latency import render
    else:
        from flowtrail_tui.text.lag import render

    options.write_lines(render(document, options.width()), plain=plain)
