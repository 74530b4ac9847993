"""Files that a person asks for: whole or not at all, never over another one, and where it can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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


_OPENS_S = 2.0
"""An opener that takes longer than this has opened the file and waits for it to be closed."""


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


def short_folder() -> str:
    """Name the folder that files go to, as briefly as it can be found."""
    here, home = Path.cwd(), Path.home()
    return f"~/{here.relative_to(home)}".removesuffix("/.") if here.is_relative_to(home) else str(here)


def open_for_people(path: Path) -> str:
    """Open a file with what the desktop has for it, and say so; where there is no desktop say where the file is.

    Blocks for a moment.
    """
    opener = _opener()
    if opener is None:
        return f"no desktop here to open it; the file is {path} (y copies that)"
    try:
        process = subprocess.Popen(  # noqa: S603 (the desktop's opener, a file of ours)
            [opener, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        failed = process.wait(_OPENS_S)
    except subprocess.TimeoutExpired:
        failed = 0  # it stays with what it opened
    except OSError:
        failed = 1
    if failed:
        return f"{Path(opener).name} could not open it; the file is {path} (y copies that)"
    return f"opened with {Path(opener).name}: {path}"


def _opener() -> str | None:
    if sys.platform == "darwin":
        return shutil.which("open")
    return shutil.which("xdg-open") if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") else None


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
