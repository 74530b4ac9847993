"""`flowtrail import FILE ... --store FILE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtrail_collector.wording import counted
from flowtrail_tui.cli import options
from flowtrail_tui.cli.exits import Exit

if TYPE_CHECKING:
    from flowtrail_collector.importing import Imported, Progress

BAR_CELLS = 30


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--store",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The store; made if it is not there.",
)
@options.json_option
def command(files: tuple[Path, ...], store: Path, as_json: bool) -> int:
    """Read OTLP files into a store.

    JSON lines as the OpenTelemetry Collector's file exporter writes them, or length-delimited protobuf; plain, gzip or
    zstd. Spans that are stored already are not stored again.
    """
    from flowtrail_collector.errors import SourceUnavailable
    from flowtrail_collector.importing import import_files
    from flowtrail_collector.store import Store

    missing = [path for path in files if not path.is_file()]
    if missing:
        raise SourceUnavailable(f"there is no file {', '.join(map(str, missing))}; nothing was imported")
    bar = _Bar()
    with Store.open(store) as opened:
        result = import_files(files, opened, bar)
    bar.end()
    for damage in result.damaged:
        options.say(str(damage))
    if as_json:
        options.write_json(_document(result, store))
    else:
        with options.output():
            click.echo(_sentence(result, store))
    return Exit.FAILED if result.damaged else Exit.OK


def _document(result: Imported, store: Path) -> dict[str, object]:
    return {
        "schema": "flowtrail.import/1",
        "store": str(store),
        "files": result.files,
        "requests": result.records,
        "stored": result.stored,
        "duplicates": result.duplicates,
        "conflicting": result.conflicting,
        "rejected": result.rejected,
        "damaged": [str(damage) for damage in result.damaged],
        "notes": list(result.notes),
    }


def _sentence(result: Imported, store: Path) -> str:
    from flowtrail_tui.safe import safe

    new = result.stored or result.rejected or result.conflicting or not result.records
    already = "" if new else ": all of it was there already"
    facts = [f"{counted(result.stored, 'span')} stored in {safe(str(store))}{already}"]
    facts += [f"{result.duplicates:,} were there already"] if result.duplicates and new else []
    if result.rejected:
        facts.append(f"{counted(result.rejected, 'span')} rejected ({safe(_reasons(result))})")
    return ", ".join(facts)


def _reasons(result: Imported) -> str:
    """Say why spans were rejected; how many for each reason only where there are several."""
    if len(result.rejections) == 1:
        return next(iter(result.rejections))
    return "; ".join(f"{count:,}: {reason}" for reason, count in result.rejections.items())


class _Bar:
    """A progress bar on stderr, where that is a terminal."""

    def __init__(self) -> None:
        self._shown = ""
        self._on = sys.stderr.isatty()

    def __call__(self, progress: Progress) -> None:
        """Draw how far it is."""
        share = progress.bytes_read / progress.bytes_total if progress.bytes_total else 1.0
        full = round(share * BAR_CELLS)
        text = f"{'█' * full}{'░' * (BAR_CELLS - full)} {share:4.0%}  {counted(progress.spans, 'span')}"
        if self._on and text != self._shown:
            self._shown = text
            click.echo(f"\r{text}\x1b[K", err=True, nl=False)

    def end(self) -> None:
        """Remove the bar."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
