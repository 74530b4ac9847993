"""`flowtrail findings`."""

from __future__ import annotations

import click

from flowtrail_tui.cli import options


@click.command("findings")
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
    """List everything that went wrong in the window, with its evidence.

    Example: flowtrail findings kind:lost,skipped group:billing --since 1d
    """
    text = options.filter_text(words, filters)
    with options.opened(source, config) as opened:
        document = opened.findings(options.window_of(opened, since, until), text)
    if as_json:
        options.write_json(document)
        return
    from flowtrail_tui.text.findings import render

    options.write_lines(render(document, options.width()), plain=plain)
