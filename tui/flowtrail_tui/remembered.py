"""What is kept of a source between two sittings: where one was, what was asked and typed, the views with a name.

One file per source in the folder for state. Whoever reads it does not trust it: what is not of the expected form is
left out, and a file that can not be read is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STATE_VARIABLE = "FLOWTRAIL_STATE"
SCHEMA = "flowtrail.terminal/1"
MOST_BYTES = 1 << 20
MOST_ENTRIES, MOST_SAVED, LONGEST = 200, 100, 2000
"""So many questions, filters and saved views are kept, and texts of so many characters."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A view that got a name: what it shows (a filter, a question), its time range and order."""

    name: str
    view: str
    about: str | None = None
    range: str = ""
    sort: str = ""


@dataclass(slots=True)
class Memory:
    """Everything that is kept of one source."""

    view: str = ""
    range: str = ""
    abouts: dict[str, str] = field(default_factory=dict)
    """What each view was about, by its name: a filter, a question."""
    sorts: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    """What was asked, the newest last."""
    filters: list[str] = field(default_factory=list)
    """What was typed as a filter, the newest last."""
    saved: list[Saved] = field(default_factory=list)

    def asked(self, question: str) -> None:
        """Remember a question as the newest one."""
        self.questions = _newest_last(self.questions, question)

    def filtered(self, text: str) -> None:
        """Remember a filter as the newest one."""
        self.filters = _newest_last(self.filters, text)

    def save(self, view: Saved) -> None:
        """Keep a view under its name; the former one of that name goes."""
        self.saved = [*(one for one in self.saved if one.name != view.name), view][-MOST_SAVED:]

    def forget(self, name: str) -> None:
        """Let a saved view go."""
        self.saved = [one for one in self.saved if one.name != name]


def _newest_last(texts: list[str], text: str) -> list[str]:
    if not text or len(text) > LONGEST:
        return texts
    return [*(one for one in texts if one != text), text][-MOST_ENTRIES:]


class Store:
    """The file of one source; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, source: str) -> None:
        """`source` is its name: a URL or a path."""
        self._path = None if folder is None else folder / f"{_slug(source)}.json"
        self._source = source
        self._gone: set[str] = set()
        self._lock = threading.Lock()

    def read(self) -> tuple[Memory, str]:
        """Return what was kept, and what is to be said of a file that can not be used."""
        if self._path is None or not self._path.is_file():
            return Memory(), ""
        try:
            with self._path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise ValueError("too long")  # noqa: TRY301 (one place says what is wrong with the file)
            document = json.loads(content)
            if not isinstance(document, dict) or document.get("schema") != SCHEMA:
                raise ValueError("not of this version")  # noqa: TRY301 (likewise)
        except (OSError, ValueError, RecursionError) as wrong:
            return Memory(), f"{self._path} can not be used ({wrong}): nothing is remembered of this source"
        return _memory(document), ""

    def forget(self, name: str) -> None:
        """Keep a saved view from coming back out of the file, where another sitting may have it still."""
        self._gone.add(name)

    def write(self, memory: Memory) -> str:
        """Keep a memory; returns what went wrong. What others saved meanwhile stays."""
        if self._path is None:
            return ""
        with self._lock:
            return self._write(self._path, memory)

    def _write(self, path: Path, memory: Memory) -> str:
        theirs = [one for one in self.read()[0].saved if one.name not in self._gone]
        ours = {one.name for one in memory.saved}
        saved = [*(one for one in theirs if one.name not in ours), *memory.saved][-MOST_SAVED:]
        document = {"schema": SCHEMA, "source": self._source, **asdict(memory), "saved": [asdict(one) for one in saved]}
        text = json.dumps(document, indent=1)
        try:
            if path.is_file() and path.read_bytes() == text.encode("ascii"):
                return ""
            _replace(path, text.encode("ascii"))
        except OSError as error:
            return f"{path} can not be written: {error.strerror}"
        return ""


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder for state: `$FLOWTRAIL_STATE` (empty: none), else flowtrail's in the folder for state."""
    named = environ.get(STATE_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    home = environ.get("HOME", "")
    folder = Path(environ.get("XDG_STATE_HOME") or Path(home) / ".local" / "state")
    return folder / "flowtrail" if folder.is_absolute() else None


def _slug(source: str) -> str:
    """Name a file after a source: readable, and no two alike."""
    whole = source if "://" in source else str(Path(source).absolute())
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", whole).strip("-.")[-48:]
    return f"{readable}-{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable for its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)  # of mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _memory(document: dict[str, Any]) -> Memory:
    saved = [_saved(one) for one in _list(document.get("saved")) if isinstance(one, dict)]
    return Memory(
        view=_text(document.get("view")),
        range=_text(document.get("range")),
        abouts=_texts_by_name(document.get("abouts")),
        sorts=_texts_by_name(document.get("sorts")),
        questions=[text for one in _list(document.get("questions")) if (text := _text(one))][-MOST_ENTRIES:],
        filters=[text for one in _list(document.get("filters")) if (text := _text(one))][-MOST_ENTRIES:],
        saved=[one for one in saved if one.name and one.view][-MOST_SAVED:],
    )


def _saved(document: dict[str, Any]) -> Saved:
    about = document.get("about")
    texts = {one.name: _text(document.get(one.name)) for one in fields(Saved) if one.name != "about"}
    return Saved(about=None if about is None else _text(about), **texts)


def _texts_by_name(value: object) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {str(name): one for name, one in list(items)[:MOST_SAVED] if isinstance(one, str) and len(one) <= LONGEST}


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
