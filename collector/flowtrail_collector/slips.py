"""Reads TOML that people write, and says what is wrong in it: file, line, key, what was expected, the nearest."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flowtrail_collector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MOST_BYTES: Final = 1 << 20
Keys = tuple[str, ...]
"""The keys that lead to a value: section and name."""
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


def content_of(path: Path, *, remedy: str, too_long: str) -> bytes:
    """Return what a file of settings holds. Raises UsageError that ends in `remedy` where it can not be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can not be read: {error.strerror}; {remedy}") from error
    if len(content) > MOST_BYTES:
        raise UsageError(f"{path} holds {len(content):,} bytes: {too_long}")
    return content


def read(path: Path, *, remedy: str) -> str:
    """Return a TOML file's text. Raises UsageError that ends in `remedy` where it can not be read."""
    content = content_of(path, remedy=remedy, too_long="no configuration is that long")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8, as TOML must be") from None


def parse(text: str, name: str) -> dict[str, Any]:
    """Return the document of a text; `name` is the file's. Raises UsageError that names the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        place = _PLACE.search(str(wrong))
        line = int(place[1]) if place else text.count("\n") + 1
        raise UsageError(f"{name}, line {line}: not TOML: {_PLACE.sub('', str(wrong))}") from None


class Slips:
    """Says what is wrong in a text of TOML, and on which line."""

    def __init__(self, text: str, name: str) -> None:
        """`name` is the file's."""
        self._text = text
        self._name = name

    def unknown(self, path: Keys, what: str, known: Sequence[str]) -> NoReturn:
        """Refuse a name that there is not, with the nearest that there is."""
        near = difflib.get_close_matches(path[-1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        self.wrong(path, f"unknown {what}; {hint}")

    def wrong(self, path: Keys, message: str, element: int | None = None) -> NoReturn:
        """Refuse the value at `path`, or one element of its list."""
        line = line_of(self._text, path, element)
        raise UsageError(f"{self._name}, line {line}: {'.'.join(map(bare, path))}: {message}")


def shown(value: object) -> str:
    """Write a value as it is shown in a message."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def bare(name: str) -> str:
    """Write a key as TOML does."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line_of(text: str, path: Keys, element: int | None = None) -> int:
    """Return the line, from 1, on which a key of a valid document stands; of a list, that of one of its elements.

    tomllib tells no lines. But every statement of TOML (a header or `key = value`, over one line or several) is a
    document by itself: so what parses alone is the next statement, and tells which key it sets.
    """
    found, shared = 1, 0
    header: Keys = ()
    for line, statement in _statements(text):
        own = first_keys(tomllib.loads(statement))
        is_header = statement.lstrip().startswith("[")
        header = own if is_header else header
        common = _common(own if is_header else header + own, path)
        if common > shared:
            found, shared = line if element is None else line + _element_line(statement, element), common
    return found


def _common(one: Keys, other: Keys) -> int:
    """Return how many keys two paths share from their beginning."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield every statement with its first line's number; blank lines and comments are none."""
    first, pending = 1, ""
    for number, line in enumerate(_lines(text), 1):
        if not pending:
            first = number
        pending += line
        try:
            parsed = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        if parsed:
            yield first, pending
        pending = ""


def first_keys(parsed: Mapping[str, Any]) -> Keys:
    """Return the keys that lead down to the first thing that a statement sets."""
    path: list[str] = []
    inner: Any = parsed
    while isinstance(inner, dict) and inner:
        key = next(iter(inner))
        path.append(key)
        inner = inner[key]
    return tuple(path)


def _element_line(statement: str, element: int) -> int:
    """Return on which line of a statement, from 0, an element of its list ends."""
    lines = _lines(statement)
    for number in range(len(lines)):
        try:
            parsed: Any = tomllib.loads("".join(lines[: number + 1]) + "\n]")
        except tomllib.TOMLDecodeError:
            continue
        for key in first_keys(parsed):
            parsed = parsed[key]
        if isinstance(parsed, list) and len(parsed) > element:
            return number
    return len(lines) - 1  # the list is closed where its last element ends


def _lines(text: str) -> list[str]:
    """Return a text's lines as TOML counts them, each with its end."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
