"""Files that a person asks for: whole or not at all, never over another one, and where it can be written."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from flowtrail_collector.errors import FlowtrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was made. `refused` is the folder that was meant and could not be written, if it was another."""

    path: Path
    size: int
    refused: Path | None = None


def folders() -> tuple[Path, ...]:
    """Return where files go: here, else into the home folder, else into that for what does not last."""
    places = [Path.cwd()]
    with suppress(RuntimeError):  # nobody's home
        places.append(Path.home())
    return (*places, Path(tempfile.gettempdir()))


def write(
    content: bytes, stem: str, ending: str, wanted: Callable[[], bool], places: Sequence[Path] | None = None
) -> Written | None:
    """Write a new file `stem.ending`, or `stem-2.ending` where that is taken; None once it is not `wanted` any more.

    Raises FlowtrailError where none of the places takes it.
    """
    places = folders() if places is None else places
    first: OSError | None = None
    for place in places:
        try:
            path = _write(content, place, stem, ending, wanted)
        except OSError as error:
            first = first or error
            continue
        return None if path is None else Written(path, len(content), None if place == places[0] else places[0])
    reason = first.strerror if first is not None else "no such folder"
    raise FlowtrailError(
        f"no file can be written into {places[0]} ({reason}), nor into {places[-1]}; start flowtrail in another folder"
    )


def _write(content: bytes, folder: Path, stem: str, ending: str, wanted: Callable[[], bool]) -> Path | None:
    beside = folder / f".{stem}.{token_hex(4)}.part"
    try:
        beside.write_bytes(content)
        return take(beside, stem, ending) if wanted() else None
    finally:
        with suppress(OSError):
            beside.unlink()


def short(path: Path) -> str:
    """Name a file as briefly as it can be found: from here, else from home."""
    for folder, sign in ((Path.cwd(), "."), (Path.home(), "~")):
        if path.is_relative_to(folder):
            return f"{sign}/{path.relative_to(folder)}"
    return str(path)


def take(beside: Path, stem: str, ending: str, folder: Path | None = None) -> Path:
    """Give a finished file its name, unless that is taken: then with a number. Raises OSError."""
    for number in count(1):
        path = (folder or beside.parent) / f"{stem}{f'-{number}' if number > 1 else ''}.{ending}"
        try:
            _name(beside, path)
        except FileExistsError:
            continue
        return path
    raise AssertionError("numbers do not end")


def _name(beside: Path, path: Path) -> None:
    """Move a file to a name that nobody has. Raises FileExistsError."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.open("xb").close()
        beside.replace(path)
