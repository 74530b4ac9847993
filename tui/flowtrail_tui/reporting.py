"""Reports made beside the screen: asked for, drawn and written in another process, put in place when all is done."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowtrail_collector.errors import Cancelled, FlowtrailError
from flowtrail_tui import elsewhere, files
from flowtrail_tui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowtrail_collector.source import Source, Window

_MADE = ("html", "csv", "json", "md", "xml", "parquet", "mmd", "svg")
"""Endings of the files that flowtrail writes for people."""


@dataclass(frozen=True, slots=True)
class Order:
    """A report to be made: which, in which formats, of what. `range` is the window as `--since` takes it."""

    report: str
    formats: tuple[str, ...]
    window: Window
    range: str
    filter_text: str = ""
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A file that flowtrail wrote, now or earlier."""

    path: Path
    size: int
    at_ns: int


def command(order: Order, source_name: str) -> str:
    """Return the command line that makes the same report."""
    words = ["flowtrail", "report", order.report]
    if order.what is not None:
        words += [order.what]
    else:
        words += [order.filter_text] if order.filter_text else []
        words += ["--since", order.range]
    words += ["--source", source_name]
    for name in order.formats:
        words += ["--format", name]
    return shlex.join(map(safe, (*words, "-o", f"flowtrail-{order.report}")))


def make(
    order: Order, source: Source, stem: str, step: Callable[[str], None], wanted: Callable[[], bool]
) -> tuple[files.Written, ...]:
    """Make a report: all of its files, or none. Blocks. Raises Cancelled, and whatever goes wrong as FlowtrailError."""
    step("starting")
    first: OSError | None = None
    places = files.folders()
    for place in places:
        try:
            with tempfile.TemporaryDirectory(prefix=".flowtrail-", dir=place) as beside:
                names = elsewhere.run(_write, order, source, beside, step=step, wanted=wanted)
                if not wanted():
                    raise Cancelled("given up")
                refused = None if place == places[0] else places[0]
                return tuple(_take(Path(beside) / name, place, stem, refused) for name in names)
        except OSError as error:
            first = first or error
    raise FlowtrailError(f"no report can be written into {places[0]} ({first}); start flowtrail in another folder")


def _take(made: Path, folder: Path, stem: str, refused: Path | None) -> files.Written:
    size = made.stat().st_size
    return files.Written(files.take(made, stem, made.suffix[1:], folder), size, refused)


def _write(order: Order, source: Source, folder: str, step: Callable[[str], None]) -> list[str]:
    """Do the work, in the other process; returns the files' names."""
    from flowtrail_reports import build_report, default_file, gather, render

    documents = gather(order.report, source, order.window, order.filter_text, what=order.what, step=step)
    step("putting it together")
    made = build_report(order.report, documents)
    names: list[str] = []
    for name in order.formats:
        step(f"drawing {name}" if name == "html" else f"writing {name}")
        content = render(made, name)
        names.append(default_file(order.report, name))
        (Path(folder) / names[-1]).write_bytes(content)
    return names


def found(folders: Sequence[Path]) -> tuple[Found, ...]:
    """Return the files in some folders that flowtrail wrote, the newest first."""
    known: dict[Path, Found] = {}
    for folder in folders:
        for ending in _MADE:
            for path in folder.glob(f"flowtrail-*.{ending}"):
                try:
                    told = path.stat()
                except OSError:
                    continue  # it was removed meanwhile
                known[path] = Found(path, told.st_size, told.st_mtime_ns)
    return tuple(sorted(known.values(), key=lambda one: (-one.at_ns, one.path.name)))
