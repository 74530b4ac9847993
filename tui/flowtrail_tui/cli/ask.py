"""`flowtrail ask WHAT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowtrail_collector.wording import counted
from flowtrail_tui.cli import options

if TYPE_CHECKING:
    from flowtrail_collector.source import Document, Source
    from flowtrail_tui.model.parts import Line

SHAPES = ("waterfall", "sequence", "mermaid", "raw")
MOST = 5
"""Services that are named where nothing is known of what was asked."""


@click.command("ask")
@click.argument("what", metavar="WHAT")
@options.source_option
@options.config_option
@click.option("--evidence", is_flag=True, help="The spans that prove each claim, with all they say (--json: whole).")
@click.option(
    "--as",
    "shape",
    type=click.Choice(SHAPES),
    help="Draw the flow: its tree of causes over time, its sequence (as text or Mermaid), or all its spans.",
)
@click.option("--since", hidden=True)
@click.option("--until", hidden=True)
@options.json_option
@options.plain_option
def command(
    what: str,
    source: str | None,
    config: str | None,
    evidence: bool,
    shape: str | None,
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
    if evidence and shape is not None:
        raise click.UsageError(f"--evidence and --as {shape} are two answers; ask for one of them")
    with options.opened(source, config) as opened:
        document = _ask(opened, what)
        told = _spans(opened, document, whole=shape == "raw") if evidence or shape == "raw" else None
    if as_json:
        options.write_json(document if told is None else told)
    elif told is not None:
        from flowtrail_tui.text.spans import render

        options.write_lines(render(document, told, options.width()), plain=plain)
    else:
        options.write_lines(_drawn(document, shape), plain=plain)


def _drawn(document: Document, shape: str | None) -> list[Line]:
    """Draw the verdict, or the flow in a shape."""
    from flowtrail_tui.text import flow
    from flowtrail_tui.text.verdict import render

    if shape == "mermaid":
        return flow.mermaid(document)
    draw = {None: render, "waterfall": flow.tree, "sequence": flow.sequence}[shape]
    return draw(document, options.width())


def _spans(source: Source, document: Document, *, whole: bool) -> Document:
    """Return the spans that an answer names, or all of their traces, beside what they are evidence of."""
    from flowtrail_tui.model.spans import left_out, traces_of
    from flowtrail_tui.text.spans import claims, refs

    told = source.spans((), traces=traces_of(document["events"])) if whole else source.spans(refs(document))
    if left_out(told):
        options.narrate(f"not shown: {left_out(told)}")
    asked = {name: document[name] for name in ("asked", "understood_as", "coverage")}
    return {**told, **asked, "claims": claims(document)}


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
