"""`flowtrail ask WHAT`."""

from __future__ import annotations

import click

from flowtrail_tui.cli import options


@click.command("ask")
@click.argument("what", metavar="WHAT")
@options.source_option
@click.option("--since", hidden=True)
@click.option("--until", hidden=True)
@options.json_option
@options.plain_option
def command(what: str, source: str | None, since: str | None, until: str | None, as_json: bool, plain: bool) -> None:
    r"""Tell what happened to one event or flow: published, consumed, duplicated, reordered, and the evidence.

    \b
    WHAT is a message id, a correlation id, a trace id or a pasted traceparent,
    destination:partition:offset, or key:destination/value. The prefixes id:, flow:,
    trace: and record: decide when several match.
    """
    if since is not None or until is not None:
        options.narrate("ask looks through everything: --since and --until are not needed")
    with options.opened(source) as opened:
        document = opened.ask(what)
    if as_json:
        options.write_json(document)
        return
    from flowtrail_tui.text.verdict import render

    options.write_lines(render(document, options.width()), plain=plain)
