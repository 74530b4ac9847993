"""`flowtrail ask WHAT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowtrail_collector.wording import counted
from flowtrail_tui.cli import options

if TYPE_CHECKING:
    from flowtrail_collector.source import Document, Source

MOST = 5
"""Services that are named where nothing is known of what was asked."""


@click.command("ask")
@click.argument("what", metavar="WHAT")
@options.source_option
@options.config_option
@click.option("--since", hidden=True)
@click.option("--until", hidden=True)
@options.json_option
@options.plain_option
def command(
    what: str,
    source: str | None,
    config: str | None,
    since: str | None,
    until: str | None,
    as_json: bool,
    plain: bool,
) -> None:
    r"""Tell what happened to one event or flow: published, consumed, duplicated, reordered, and the evidence.

    \b
    WHAT is a message id, a correlation id, a trace id or a pasted traceparent,
    destination:partition:offset, or key:destination/value. The prefixes id:, flow:,
    trace: and record: decide when several match.
    """
    if since is not None or until is not None:
        options.narrate("ask looks through everything: --since and --until are not needed")
    with options.opened(source, config) as opened:
        document = _ask(opened, what)
    if as_json:
        options.write_json(document)
        return
    from flowtrail_tui.text.verdict import render

    options.write_lines(render(document, options.width()), plain=plain)


def _ask(source: Source, what: str) -> Document:
    """Ask; where nothing is known, and nothing near it, tell at least what is there to be asked about."""
    from flowtrail_collector.errors import NothingKnown

    try:
        return source.ask(what)
    except NothingKnown as nothing:
        if nothing.near:
            raise
        raise NothingKnown(f"{nothing}. {_held(source)}") from nothing


def _held(source: Source) -> str:
    status = source.status()
    store = status.get("store") or {}
    if not store.get("spans"):
        return f"{source.name} holds not a single span"
    names = [str(one["service"]) for one in status.get("services") or []]
    services = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
    spans = counted(store["spans"], "span")
    return f"{source.name} holds {spans} from {store['oldest']} to {store['newest']}, of {services}"
