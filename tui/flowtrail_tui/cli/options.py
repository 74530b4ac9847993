"""What the reading commands share: their options, the open source, and how an answer is written."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flowtrail_collector.source import Document, Source
    from flowtrail_collector.window import Window
    from flowtrail_tui.model.parts import Line

Command = TypeVar("Command", bound="Callable[..., Any]")

PIPE_WIDTH = 200
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")

source_option = click.option(
    "--source",
    metavar="URL|FILE",
    help="A collector's URL or a store file. Default: $FLOWTRAIL_SOURCE, else a collector on localhost, "
    "else ./flowtrail.duckdb.",
)
config_option = click.option(
    "--config",
    metavar="FILE",
    help="What is declared of the system, for a store file. Default: ./flowtrail.toml if it is there, else what the "
    "store holds. A collector has its own.",
)
kafka_config_option = click.option(
    "--kafka-config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="How a secured cluster is reached (TLS, SASL): a properties file, as Kafka's own commands take it.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write the JSON document.")
plain_option = click.option("--plain", is_flag=True, help="Write plain text without colour (colour needs a terminal).")


def kafka_access(bootstrap_servers: str | None, kafka_config: Path | None) -> dict[str, object]:
    """Return how the named cluster is reached. Raises UsageError for a file that says it wrongly, or of no cluster."""
    from flowtrail_collector.broker.properties import read_properties
    from flowtrail_collector.errors import UsageError

    if kafka_config is None:
        return {}
    if bootstrap_servers is None:
        raise UsageError("--kafka-config says how a cluster is reached; name it with --bootstrap-servers")
    return read_properties(kafka_config)


def _understood(_context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """Refuse a moment that can not be understood before anything is opened."""
    if text is not None:
        from flowtrail_collector.errors import UsageError
        from flowtrail_collector.window import parse_moment

        try:
            parse_moment(text, 0)
        except UsageError as wrong:
            raise UsageError(f"--{option.name}: {wrong}") from None
    return text


def reading(command: Command) -> Command:
    """Add the options of a command that reads a window: source, since, until, config, filter, json, plain."""
    for option in reversed(
        (
            click.argument("words", nargs=-1, metavar="[FILTER]..."),
            source_option,
            click.option(
                "--since",
                metavar="WHEN",
                callback=_understood,
                help="An age (15m, 2h, 1d), an instant, or all; in a store file ages count back from the newest span. "
                "Default: 15m.",
            ),
            click.option("--until", metavar="WHEN", callback=_understood, help="An age or an instant. Default: open."),
            config_option,
            click.option(
                "--filter",
                "filters",
                multiple=True,
                metavar="FILTER",
                help='Terms that must hold: topic:orders.* group:billing verdict:!ok "free text".',
            ),
            json_option,
            plain_option,
        ),
    ):
        command = option(command)
    return command


def filter_text(words: tuple[str, ...], filters: tuple[str, ...]) -> str:
    """Join filter words and `--filter` options, and say at once what can not be understood."""
    from flowtrail_collector.filters import parse_filter

    text = " ".join((*filters, *words))
    parse_filter(text)
    return text


@contextmanager
def opened(spec: str | None, config: str | None = None) -> Iterator[Source]:
    """Open the source for the time of one command."""
    from flowtrail_collector.source import PATIENCE_S, open_source
    from flowtrail_tui.cli.waiting import Waiting

    source = open_source(spec, config, timeout_s=PATIENCE_S)
    try:
        # (It answers like a source, whatever is asked.)
        yield cast("Source", Waiting(source)) if sys.stderr.isatty() else source
    finally:
        source.close()


def window_of(source: Source, since: str | None, until: str | None) -> Window:
    """Resolve `--since` and `--until` as this source counts them."""
    from flowtrail_collector.source import window_of as resolve

    return resolve(source, since, until)


@contextmanager
def output() -> Iterator[None]:
    """Write to stdout inside; when its reader has gone (`| head`), end without a word. Raises FlowtrailError."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # The interpreter's last flush would complain, were there something left that can not be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(0) from None
        from flowtrail_collector.errors import FlowtrailError

        raise FlowtrailError(f"standard output can not be written: {error.strerror}") from error


def write_json(document: Document) -> None:
    """Write a document to stdout; characters that a terminal would not show, or would obey, as JSON escapes."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    with output():
        click.echo(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def write_lines(lines: Iterable[Line], *, plain: bool) -> None:
    """Write lines to stdout: coloured on a terminal, as bare text into a pipe."""
    from flowtrail_tui.text.paint import Paint

    painted = Paint(on=coloured(plain=plain), ascii_only=not _has_glyphs()).lines(lines)
    with output():
        click.echo(painted, nl=False, color=True)


def narrate(text: str) -> None:
    """Say something about the work on stderr."""
    from flowtrail_tui.safe import safe

    click.echo(safe(text), err=True)


def say(text: str) -> None:
    """Say on stderr what a person should notice."""
    narrate(f"flowtrail: {text}")


def coloured(*, plain: bool) -> bool:
    """Tell whether stdout takes colour: a terminal, no `--plain`, no NO_COLOR."""
    return not plain and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _has_glyphs() -> bool:
    try:
        "✓×⇅†▁█".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def width() -> int:
    """Return the columns to write for: the terminal's; into a pipe, wide enough for most sentences."""
    import shutil

    return max(60, shutil.get_terminal_size((120, 24)).columns) if sys.stdout.isatty() else PIPE_WIDTH
