"""`flowtrail findings`."""

from __future__ import annotations

from importlib import import_module

import click

from flowtrail_tui.cli import options


@click.command("findings")
@options.reading
@click.option("--by-cause", is_flag=True, help="One row per cause, with what was said of it (see `flowtrail mark`).")
def command(
    words: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    config: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    plain: bool,
    by_cause: bool,
) -> None:
    """List everything that went wrong in the window, with its evidence.

    By cause, muted ones are left out unless the filter asks for them: state:muted, state:all.

    Example: flowtrail findings kind:lost,skipped group:billing --since 1d
    """
    text = options.filter_text(words, filters)
    with options.opened(source, config) as opened:
        asked = opened.causes if by_cause else opened.findings
        document = asked(options.window_of(opened, since, until), text)
    if as_json:
        options.write_json(document)
        return
    render = import_module(f"flowtrail_tui.text.{'causes' if by_cause else 'findings'}").render
    options.write_lines(render(document, options.width()), plain=plain)
