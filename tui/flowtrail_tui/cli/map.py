"""`flowtrail map`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from flowtrail_tui.cli import options

FORMATS = ("text", "json", "mermaid", "svg")
_ENDINGS = {".json": "json", ".mmd": "mermaid", ".mermaid": "mermaid", ".svg": "svg"}


@click.command("map")
@options.reading
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="text (default), json, mermaid or svg; without it the ending of FILE decides.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to, in place of stdout.")
def command(
    words: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    config: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    plain: bool,
    format_: str | None,
    output: Path | None,
) -> None:
    """Draw which service publishes where and who reads it: how fast, how far behind, and what is wrong on the way.

    Drawn from what was seen in the window, nothing from what is configured.

    Example: flowtrail map topic:orders.* --since 1h -o map.svg
    """
    text = options.filter_text(words, filters)
    wanted = _format(format_, output, as_json=as_json)
    with options.opened(source, config) as opened:
        document = opened.map(options.window_of(opened, since, until), text)
    if output is not None:
        _write(_content(document, wanted), output)
    elif wanted == "json":
        options.write_json(document)
    elif wanted == "text":
        from flowtrail_tui.text.map import render

        options.write_lines(render(document, options.width()), plain=plain)
    else:
        with options.output():
            click.echo(_content(document, wanted), nl=False)


def _format(format_: str | None, output: Path | None, *, as_json: bool) -> str:
    """Return what is wanted. Raises UsageError where that is said twice and differently."""
    if as_json:
        if format_ not in (None, "json"):
            raise click.UsageError(f"--json and --format {format_}: choose one of them")
        return "json"
    return format_ or (_ENDINGS.get(output.suffix.lower(), "text") if output is not None else "text")


def _content(document: dict[str, Any], wanted: str) -> str:
    if wanted == "json":
        return json.dumps(document, indent=2) + "\n"
    if wanted == "mermaid":
        from flowtrail_tui.text.map_mermaid import flowchart

        return flowchart(document)
    if wanted == "svg":
        from flowtrail_tui.text.map_svg import picture

        return picture(document)
    from flowtrail_tui.text.map import render
    from flowtrail_tui.text.paint import Paint

    return Paint().lines(render(document, options.PIPE_WIDTH))


def _write(content: str, place: Path) -> None:
    from flowtrail_collector.errors import UsageError

    try:
        place.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{place} can not be written: {error.strerror}; name another file with -o") from error
    options.say(f"wrote {place}")
