"""`flowtrail report NAME`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowtrail_collector.wording import counted
from flowtrail_tui.cli import options

STDOUT = Path("-")


def _help() -> str:
    from flowtrail_reports import ABOUT

    names = {name: f"{name} WHAT" if name == "flow" else name for name in ABOUT}
    return "\n".join(
        (
            f"Write a report: {', '.join(list(names.values())[:-1])}, or {list(names.values())[-1]}.",
            "\n\b",
            *(f"{names[name]:<12}{does}" for name, does in ABOUT.items()),
            "\n\b",
            "Without -o, csv, json, md and junit go to standard output,",
            "html and parquet to flowtrail-REPORT.FORMAT.",
        )
    )


@click.command("report", help=_help())
@click.argument("report", metavar="REPORT")
@options.reading
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT",
    help="html (default), csv, json, parquet, md, junit; may be given several times.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to; '-' is standard output. With several formats: the name without its ending.",
)
def command(
    report: str,
    words: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    config: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    plain: bool,  # noqa: ARG001 a report is not coloured
    formats: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write one report in one or several formats."""
    from flowtrail_reports import FORMATS, REPORTS, build_report, gather, render

    _known("report", report, REPORTS)
    wanted = tuple(dict.fromkeys((*formats, "json") if as_json else formats or ("html",)))
    for name in wanted:
        _known("format", name, FORMATS)
    what = _what(words, filters, since, until) if report == "flow" else None
    text = options.filter_text(words, filters) if what is None else ""
    with options.opened(source, config) as opened:
        window = options.window_of(opened, None if what else since, None if what else until)
        documents = gather(report, opened, window, text, what=what)
    made = build_report(report, documents)
    for name in wanted:
        _write(render(made, name), _place(report, name, output, several=len(wanted) > 1))


def _what(words: tuple[str, ...], filters: tuple[str, ...], since: str | None, until: str | None) -> str:
    """Return what the flow report is about. Raises UsageError."""
    if len(words) != 1 or filters:
        raise click.UsageError(
            "report flow takes one WHAT and no filter: a message id, a correlation id, a trace id, "
            "destination:partition:offset, or key:destination/value"
        )
    if since is not None or until is not None:
        options.narrate("report flow looks through everything: --since and --until are not needed")
    return words[0]


def _known(what: str, name: str, known: tuple[str, ...]) -> None:
    from difflib import get_close_matches

    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
        raise click.UsageError(f"there is no {what} {name!r}. {hint}")


def _place(report: str, format_: str, output: Path | None, *, several: bool) -> Path:
    """Return where a format is written to; several formats take a name's part before its ending."""
    from flowtrail_reports import FORMATS, TEXT_FORMATS, default_file

    if output is None:
        return STDOUT if format_ in TEXT_FORMATS else Path(default_file(report, format_))
    if output == STDOUT or not several:
        return output
    endings = {Path(default_file(report, one)).suffix for one in FORMATS}
    name = output.stem if output.suffix in endings else output.name
    return output.with_name(f"{name}{Path(default_file(report, format_)).suffix}")


def _write(content: bytes, place: Path) -> None:
    from flowtrail_collector.errors import UsageError

    if place == STDOUT:
        with options.output():
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
        return
    try:
        place.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{place} can not be written: {error.strerror}; name another file with -o") from error
    options.say(f"wrote {place} ({counted(len(content), 'byte')})")
