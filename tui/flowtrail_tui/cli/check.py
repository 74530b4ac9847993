"""`flowtrail check`: assertions for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtrail_tui.cli import options
from flowtrail_tui.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from flowtrail_collector.source import Document
    from flowtrail_reports.checking import Wanted

    T = TypeVar("T")

EXITS = {"passed": Exit.OK, "failed": Exit.FAILED, "inconclusive": Exit.INCONCLUSIVE}


@click.command("check")
@options.reading
@click.option(
    "--no", "kinds", multiple=True, metavar="KIND", help="No finding of this kind; may be given several times."
)
@click.option(
    "--max-lag",
    "lags",
    multiple=True,
    metavar="AGE|RECORDS",
    help="No group is further behind on any partition: 10s, or 500 records.",
)
@click.option(
    "--expect",
    "expected",
    multiple=True,
    metavar="DESTINATION=GROUP",
    help="This group was seen to read this destination; may be given several times.",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the outcome as JUnit XML as well."
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
    kinds: tuple[str, ...],
    lags: tuple[str, ...],
    expected: tuple[str, ...],
    junit: Path | None,
) -> int:
    r"""Assert that a system behaves, for CI. Without assertions: no error, and every declared group was seen.

    \b
    Ends with 0 when all passed, 1 when one failed, and 4 when one is inconclusive:
    no event is known, or telemetry is too incomplete for "nothing was found" to mean something.
    Example: flowtrail check --no lost --no redelivery --max-lag 10s --expect orders=payment
    """
    from flowtrail_reports.checking import check

    wanted = _wanted(kinds, lags, expected)
    text = options.filter_text(words, filters)
    with options.opened(source, config) as opened:
        document = check(opened, options.window_of(opened, since, until), text, wanted)
    if junit is not None:
        _write(junit, document)
    if as_json:
        options.write_json(document)
    else:
        from flowtrail_tui.text.check import render

        options.write_lines(render(document, options.width()), plain=plain)
    return EXITS[document["outcome"]]


def _wanted(kinds: tuple[str, ...], lags: tuple[str, ...], expected: tuple[str, ...]) -> Wanted:
    """Read the assertions, and say at once what can not be understood."""
    from flowtrail_collector.questions.expected import parse_expectation
    from flowtrail_reports.checking import Wanted, parse_lag

    for kind in kinds:
        _known(kind)
    return Wanted(
        kinds,
        tuple(_read("--max-lag", parse_lag, text) for text in lags),
        tuple(_read("--expect", parse_expectation, text) for text in expected),
    )


def _known(kind: str) -> None:
    from difflib import get_close_matches

    from flowtrail_collector.filters import KINDS

    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(KINDS)}."
        raise click.UsageError(f"--no: there is no kind of finding {kind!r}. {hint}")


def _read(option: str, parse: Callable[[str], T], text: str) -> T:
    from flowtrail_collector.errors import UsageError

    try:
        return parse(text)
    except UsageError as wrong:
        raise UsageError(f"{option}: {wrong}") from None


def _write(place: Path, document: Document) -> None:
    from flowtrail_collector.errors import UsageError
    from flowtrail_reports.formats.junit import assertions

    try:
        place.write_bytes(assertions(document))
    except OSError as error:
        raise UsageError(f"{place} can not be written: {error.strerror}; name another file with --junit") from error
